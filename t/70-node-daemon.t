#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/70-node-daemon.t - timenoded as a process: exit codes, pid file, background, signals,
# service manager. The node in it is a fake one: t/fake/node.c.
use strict;
use warnings;
use Test::More;
use Fcntl qw(:flock);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::UNIX;
use POSIX qw(:sys_wait_h);
use Socket qw(SOCK_DGRAM);
use Time::HiRes qw(time sleep);

my $prog = ($ENV{TN_BUILDDIR} // '.') . '/t/fake-timenoded';
my @wrap = split ' ', $ENV{TN_WRAP} // '';
my $limit = 10 * ($ENV{TN_SLOW} // 1); # seconds any wait may take
my @started;
END { my $rc = $?; kill 'KILL', @started if @started; $? = $rc }

sub slurp {
	open my $in, '<', $_[0] or return '';
	local $/;
	return scalar <$in>;
}

sub write_file {
	my ($path, $text) = @_;
	open my $out, '>', $path or die "$path: $!";
	print $out $text;
	close $out;
}

# Waits for a condition, not for a time.
sub await(&$) {
	my ($cond, $what) = @_;
	for (my $end = time + $limit; time < $end; sleep 0.01) {
		return 1 if $cond->();
	}
	diag("waited in vain for $what");
	return 0;
}

# A place for one daemon; its directories do not exist yet.
sub place {
	my $dir = tempdir(CLEANUP => 1);
	my %p = (dir => $dir, conf => "$dir/t.conf", data => "$dir/var/data", run => "$dir/var/run",
		log => "$dir/log", pid => "$dir/var/run/timenode.pid");
	write_file($p{conf}, qq(data_dir = "$p{data}"; run_dir = "$p{run}";\n)
		. qq(network: { name = "private"; };\nlog: { to = "file"; file = "$p{log}"; };\n));
	return \%p;
}

# Makes the fake node misbehave.
sub plant {
	my ($p, $what) = @_;
	mkdir "$p->{dir}/var";
	mkdir $p->{data};
	write_file("$p->{data}/$what", '');
}

sub spawn {
	my ($p, @args) = @_;
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$p->{dir}/out";
		open STDERR, '>', "$p->{dir}/err";
		exec @wrap, $prog, @args or POSIX::_exit(127);
	}
	push @started, $pid;
	return $pid;
}

# Exit code, -signal, or undef at the deadline.
sub finish {
	my ($pid) = @_;
	my $got;
	await { $got = waitpid $pid, WNOHANG; $got == $pid } "the end of process $pid" or return undef;
	my $status = $?;
	@started = grep { $_ != $pid } @started;
	return $status & 127 ? -($status & 127) : $status >> 8;
}

sub run { my ($p, @args) = @_; return finish(spawn($p, @args)) }
sub said { return slurp("$_[0]{dir}/err") =~ s/^==\d+==.*\n//gmr }

sub up {
	my ($p, @args) = @_;
	unlink $p->{log};
	my $pid = spawn($p, '-c', $p->{conf}, @args);
	await { slurp($p->{log}) =~ /is up, pid/ } 'the daemon to be up' or diag(said($p));
	return $pid;
}

my $p = place();
is(run($p, '--version'), 0, '--version');
like(slurp("$p->{dir}/out"), qr/^timenoded \d+\.\d+/, 'prints it');
is(run($p, '--help'), 0, '--help');
like(slurp("$p->{dir}/out"), qr/--check-config/, 'prints it');
is(run($p, '--nonsense'), 2, 'a wrong option is 2');
like(said($p), qr/^timenoded: unknown option --nonsense$/m, 'and named');
is(run($p, $p->{conf}), 2, 'a file without -c is 2');
like(said($p), qr/unknown word \Q$p->{conf}\E: a configuration file is named with -c/, 'and said how');
is(run($p, '-c', "$p->{dir}/none"), 2, 'no such configuration is 2');
like(said($p), qr/\Q$p->{dir}\E\/none/, 'and named');

is(run($p, '-c', $p->{conf}, '--check-config'), 0, '--check-config');
like(slurp("$p->{dir}/out"), qr/^\Q$p->{conf}\E: the configuration is valid$/m, 'says so');
ok(!-e $p->{data} && !-e $p->{run}, 'and makes nothing');
is(run($p, '-c', $p->{conf}, '--print-config'), 0, '--print-config');
my $printed = slurp("$p->{dir}/out");
like($printed, qr/data_dir = "\Q$p->{data}\E".*plugins: \{ \};\n\z/s, 'prints core and plugins');
write_file("$p->{dir}/again.conf", $printed);
is(run($p, '-c', "$p->{dir}/again.conf", '--check-config'), 0, 'what it printed is valid');

# The shipped sample says that it holds the defaults, the manual that it has every key.
sub printed {
	my ($conf) = @_;
	is(run($p, '-c', $conf, '--print-config'), 0, "--print-config of $conf");
	return join '', grep { !/^(?:data|run)_dir/ } split /^/, slurp("$p->{dir}/out");
}
write_file("$p->{dir}/empty.conf", '');
my $sample = ($ENV{TN_BUILDDIR} // '.') . '/etc/timenode.conf';
is(run($p, '-c', $sample, '--check-config'), 0, 'the shipped sample is valid') or diag(said($p));
my $defaults = printed("$p->{dir}/empty.conf");
is(printed($sample), $defaults, 'it holds the defaults');
my $manual = slurp(($ENV{TN_SRCDIR} // '.') . '/doc/timenode.conf.5.pod');
my @keys = $defaults =~ /^\t*([a-z_]+)\s*[=:]/mg;
cmp_ok(scalar(@keys), '>', 30, 'keys and groups');
is_deeply([grep { $manual !~ /C<$_>|^=head1 $_$/m } @keys], [], 'the manual has every one');

write_file("$p->{dir}/bad.conf", "data_dirr = \"x\";\n");
is(run($p, '-c', "$p->{dir}/bad.conf", '--check-config'), 2, 'an unknown key is 2');
like(said($p), qr/bad\.conf:1/, 'with file and line');

for my $key (qw(data_dir run_dir)) {
	my %at = (data_dir => $p->{data}, run_dir => $p->{run}, $key => $p->{conf});
	write_file("$p->{dir}/file.conf", qq(data_dir = "$at{data_dir}"; run_dir = "$at{run_dir}";\n));
	is(run($p, '-c', "$p->{dir}/file.conf"), 1, "a file as $key is 1");
	like(said($p), qr/\Q$p->{conf}\E is there and is no directory: .*\b$key\b/, 'and the setting is named');
}

# One life in the foreground.
my $pid = up($p);
is(slurp($p->{pid}), "$pid\n", 'pid file') unless @wrap;
is((stat $p->{data})[2] & 0777, 0700, 'the data directory is private');
ok(-d "$p->{data}/store", 'the store is inside');
like(slurp($p->{log}), qr/fake: start \Q$p->{run}\E\/control\.sock/, 'the control socket is in run_dir');

my $second = { %$p, dir => tempdir(CLEANUP => 1) };
is(run($second, '-c', $p->{conf}), 1, 'a second one is refused');
like(said($second), qr/another timenoded is running here, pid \d+ \(\Q$p->{pid}\E\)/, 'and told why');
is(run($second, '-c', $p->{conf}, '--daemon'), 1, 'also in the background');
like(said($second), qr/another timenoded is running here/, 'and told why');

rename $p->{log}, "$p->{log}.1";
kill 'HUP', $pid;
ok((await { slurp($p->{log}) =~ /fake: reload/ } 'the reload'),
	'SIGHUP reloads, and opens the log file again');
kill 'PIPE', $pid;
write_file($p->{conf}, slurp($p->{conf}) . "nonsense = 1;\n\x01");
kill 'HUP', $pid;
ok((await { slurp($p->{log}) =~ /reload refused, nothing changed: \Q$p->{conf}\E/ } 'the refusal'),
	'a broken file changes nothing; SIGPIPE neither');
kill 'TERM', $pid;
is(finish($pid), 0, 'SIGTERM ends it with 0');
like(slurp($p->{log}), qr/Stopping: SIGTERM.*fake: stop.*Stopped.*fake: free/s, 'in order');
ok(!-e $p->{pid}, 'the pid file is gone');

# Failures at the start, in front and behind.
for my $case (['refuse-create', 2, 'refuses its configuration'], ['refuse-start', 1, 'cannot start']) {
	my ($what, $code, $text) = @$case;
	for my $mode ([], ['--daemon']) {
		$p = place();
		plant($p, $what);
		is(run($p, '-c', $p->{conf}, @$mode), $code, "$what @$mode: exit code $code");
		like(said($p), qr/^timenoded: the fake node $text$/m, 'with the reason');
		ok(!-e $p->{pid}, 'no pid file is left');
	}
}
$p = place();
plant($p, 'crash-start');
is(run($p, '-c', $p->{conf}, '--daemon'), 1, 'a child that dies at its start: exit code 1');
like(said($p), qr/died at its start by signal 6/, 'with the signal') unless @wrap;

# The dead one left its pid file; the next start takes it over. In the background now.
ok(-e $p->{pid}, 'a crash leaves the pid file');
unlink "$p->{data}/crash-start";
is(run($p, '-c', $p->{conf}, '--daemon'), 0, '--daemon returns 0');
like(slurp($p->{log}), qr/is up, pid/, 'when it is up');
my $behind = slurp($p->{pid}) + 0;
push @started, $behind;
ok($behind > 1 && kill(0, $behind), 'it lives');
unless (@wrap) {
	my @stat = split ' ', slurp("/proc/$behind/stat") =~ s/.*\) //sr;
	is($stat[3], $behind, 'in a session of its own');
	is(readlink "/proc/$behind/fd/$_", '/dev/null', "descriptor $_ is /dev/null") for 0 .. 2;
	my ($soft, $hard) = slurp("/proc/$behind/limits") =~ /^Max open files\s+(\d+)\s+(\d+)/m;
	is($soft, $hard, 'as many descriptors as are allowed');
}
kill 'INT', $behind;
ok((await { !-e $p->{pid} } 'the end'), 'SIGINT stops it and removes the pid file');
@started = grep { $_ != $behind } @started;

# A stop that takes long, and a second signal.
$p = place();
plant($p, 'slow-stop');
$pid = up($p);
kill 'TERM', $pid;
ok((await { slurp($p->{log}) =~ /fake: stop/ } 'stop'), 'the first SIGTERM asks');
is(waitpid($pid, WNOHANG), 0, 'it waits for the node');
kill 'TERM', $pid;
is(finish($pid), 0, 'the second ends it at once');

# A pid file of another name.
$p = place();
$pid = up($p, '--pid-file', "$p->{dir}/other.pid");
ok(-e "$p->{dir}/other.pid" && !-e $p->{pid}, '--pid-file');
kill 'TERM', $pid;
is(finish($pid), 0, 'and done');

# The service manager's socket, by path and by abstract name.
for my $kind ('path', 'abstract') {
	$p = place();
	my $name = $kind eq 'path' ? "$p->{dir}/notify" : "\0timenode-$$-test";
	my $sock = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $name) or die "notify: $!";
	my $heard = '';
	my $hears = sub {
		my ($want) = @_;
		return await {
			while (IO::Select->new($sock)->can_read(0)) { $sock->recv(my $m, 512); $heard .= "$m;" }
			$heard =~ $want;
		} "$want";
	};
	local $ENV{NOTIFY_SOCKET} = $name =~ s/^\0/@/r;
	local $ENV{WATCHDOG_USEC} = 100_000;
	delete local $ENV{WATCHDOG_PID};
	$pid = up($p);
	ok($hears->(qr/^READY=1;/), "$kind: READY");
	ok($hears->(qr/WATCHDOG=1;WATCHDOG=1;/), "$kind: signs of life go on");
	kill 'HUP', $pid;
	ok($hears->(qr/RELOADING=1\nMONOTONIC_USEC=\d+;(?:WATCHDOG=1;)*READY=1;/), "$kind: RELOADING, then READY");
	kill 'TERM', $pid;
	ok($hears->(qr/STOPPING=1;/), "$kind: STOPPING");
	is(finish($pid), 0, "$kind: done");
	next if $kind eq 'abstract';

	# A loop that is stuck must fall silent, or the watchdog would be worthless. Silence
	# cannot be awaited: five watchdog periods pass.
	$pid = up($p);
	$heard = '';
	plant($p, 'stuck');
	kill 'HUP', $pid;
	ok($hears->(qr/RELOADING/), 'stuck: the reload begins');
	sleep 0.5;
	unlink "$p->{data}/stuck";
	ok($hears->(qr/RELOADING=1\nMONOTONIC_USEC=\d+;READY=1;.*WATCHDOG=1;/s), 'stuck: no sign of life until it is over');
	kill 'TERM', $pid;
	is(finish($pid), 0, 'done');
}
done_testing();
