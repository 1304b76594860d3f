# SPDX-License-Identifier: MIT
# t/lib/NodeTest.pm - real daemons for the system tests: staged, started, asked, ended
#
# The tests run what `make install DESTDIR=stage` left (the rule is in t/sys.mk), plugins
# from their installed files included. Every wait has a deadline, multiplied by TN_SLOW;
# TN_WRAP is put in front of the daemon ("valgrind ..."). A failed test shows the end of
# every daemon's log. Only processes started here are ended here, by their pids.
package NodeTest;
use v5.36;
use Test::More;

use Exporter qw(import);
use Errno qw(EINTR);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP;
use List::Util qw(sum0);
use POSIX qw(WNOHANG);
use Time::HiRes qw(time sleep);

our @EXPORT_OK = qw(free_ports wait_until slow stage stage_dir slurp write_file run_cmd mesh_nodes);

my $slow  = $ENV{TN_SLOW} || 1;
my $build = $ENV{TN_BUILDDIR} // '.';
my $json  = JSON::PP->new->utf8->canonical->allow_nonref;
my @wrap  = split ' ', $ENV{TN_WRAP} // '';
my @nodes;      # all that were made, for the logs of a failure
my @port_locks; # sockets that keep other tests away from our ports
my $owner = $$;
my $keep  = $ENV{TN_KEEP}; # leaves the directories of daemons where they are

# ---- small things

# Seconds, as many times more as this run is slower.
sub slow ($seconds) { return $seconds * $slow }

sub slurp ($path) {
	open my $in, '<:raw', $path or return '';
	local $/;
	return scalar <$in> // '';
}

sub write_file ($path, $text) {
	open my $out, '>:raw', $path or die "$path: $!";
	print $out $text;
	close $out or die "$path: $!";
	return;
}

# Waits until the condition is true and returns its value; a failed test and an empty list
# at the deadline.
sub wait_until ($cond, $deadline, $what) {
	my $end = time + slow($deadline);
	while (1) {
		my $got = $cond->();
		return $got if $got;
		last if time >= $end;
		sleep 0.01;
	}
	fail("$what within " . slow($deadline) . ' s');
	return;
}

# Runs a command to its end. Returns (exit code, stdout, stderr); the code is -1 after the
# deadline, -signal when it was killed.
sub run_cmd ($cmd, %opt) {
	my $dir = tempdir(CLEANUP => 1);
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		local $SIG{__DIE__} = 'DEFAULT';
		%ENV = (%ENV, %{ $opt{env} // {} });
		chdir $opt{cwd} if $opt{cwd};
		open STDIN,  '<', '/dev/null';
		open STDOUT, '>', "$dir/out";
		open STDERR, '>', "$dir/err";
		exec { $cmd->[0] } @$cmd or POSIX::_exit(127);
	}
	my $end = time + slow($opt{deadline} // 30);
	my $got;
	while (($got = waitpid $pid, WNOHANG) == 0 && time < $end) { sleep 0.005 }
	if (!$got) {
		kill 'KILL', $pid;
		waitpid $pid, 0;
		return (-1, slurp("$dir/out"), slurp("$dir/err") . "(killed at its deadline)\n");
	}
	my $code = $? & 127 ? -($? & 127) : $? >> 8;
	return ($code, slurp("$dir/out"), slurp("$dir/err"));
}

# ---- ports

# Each test process takes blocks of ten ports below the ephemeral range; the last of a
# block is listened on here, so that no other test takes the same block.
my $block = 0;

sub take_block () {
	for my $try (0 .. 2199) {
		my $base = 10_000 + 10 * (($$ * 7 + $block++) % 2200);
		my $lock = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $base + 9, Listen => 1)
			or next;
		next if grep { !is_free($base + $_) } 0 .. 8;
		push @port_locks, $lock;
		return map { $base + $_ } 0 .. 8;
	}
	die 'no free ports';
}

# Also on the addresses that a mesh uses.
sub is_free ($port) {
	for my $ip ('0.0.0.0', map { "127.0.0.$_" } 1 .. 4) {
		IO::Socket::INET->new(LocalAddr => $ip, LocalPort => $port, Listen => 1, ReuseAddr => 1)
			or return 0;
	}
	return 1;
}

my @free;

sub free_ports ($n = 1) {
	push @free, take_block() while @free < $n;
	my @got = splice @free, 0, $n;
	return wantarray ? @got : $got[0];
}

# ---- the installed tree

# Directories of this build below the stage: {sbindir} is where timenoded is.
sub stage_dir ($build_dir = $build) {
	my $stage = "$build_dir/stage";
	my %dir = map { /^(\w+)=(\/.*)$/ ? ($1, "$stage$2") : () } split /\n/, slurp("$stage/dirs");
	return \%dir;
}

# The same of the build under test; without a stage there is nothing to test.
sub stage () {
	state $dir = stage_dir();
	plan(skip_all => 'no installed tree: make check makes it') unless -x ($dir->{sbindir} // '') . '/timenoded';
	return $dir;
}

# ---- configuration

sub quoted ($text) {
	$text =~ s/([\\"])/\\$1/g;
	return qq("$text");
}

# A number stays one; a reference to 0 or 1 is a truth value, of an array a list, of a
# hash a group.
sub conf_value ($v) {
	return ref $v eq 'SCALAR' ? ($$v ? 'true' : 'false')
		: ref $v eq 'ARRAY' ? '[ ' . join(', ', map { conf_value($_) } @$v) . ' ]'
		: ref $v eq 'HASH'  ? "{\n" . conf_text($v) . '}'
		: $v =~ /^-?\d+$/   ? $v
		:                     quoted($v);
}

sub conf_text ($group) {
	return join '', map { "$_ = " . conf_value($group->{$_}) . ";\n" }
		grep { defined $group->{$_} } sort keys %$group;
}

# An undef in `more` takes the key away.
sub merged ($base, $more) {
	my %out = %$base;
	for my $k (keys %$more) {
		$out{$k} = ref $more->{$k} eq 'HASH' && ref $out{$k} eq 'HASH'
			? merged($out{$k}, $more->{$k}) : $more->{$k};
	}
	return \%out;
}

# ---- a node

# NodeTest->new($name, $ip, $port, %more): conf => {group => {key => value}} over the
# defaults of a private node (undef takes a key or group away), text => the whole file
# instead, env => {}, wrap => [words], program => instead of the installed one, stage =>
# directories as stage_dir gives, args => [...] instead of -c and the file, socket => where
# the control socket then is.
sub new ($class, $name, $ip, $port, %more) {
	my $self = bless { name => $name, ip => $ip, port => $port, starts => 0,
		stage => $more{stage} // stage(), env => $more{env} // {}, args => $more{args},
		wrap => $more{wrap} // \@wrap, program => $more{program} }, $class;
	$self->{dir}    = tempdir('timenode-XXXXXX', TMPDIR => 1, CLEANUP => !$keep);
	$self->{file}   = "$self->{dir}/timenode.conf";
	$self->{args} //= ['-c', $self->{file}];
	$self->{socket} = $more{socket} // "$self->{dir}/run/control.sock";
	$self->{log}    = "$self->{dir}/err";
	$self->{conf}   = merged($self->defaults, $more{conf} // {});
	$self->configure($more{text});
	push @nodes, $self;
	return $self;
}

sub defaults ($self) {
	return {
		data_dir   => "$self->{dir}/data",
		run_dir    => "$self->{dir}/run",
		plugin_dir => $self->{stage}{plugindir},
		network    => { name => 'private', listen => ["$self->{ip}:$self->{port}"],
			local_ip => "$self->{ip}:$self->{port}", connect => [] },
		store   => { map_size => '64M' },
		log     => { to => 'stderr', level => 'info' },
		plugins => { pingpong => { interval => '1s' }, peers => {} },
	};
}

# Writes the configuration file again, with `more` over what was there.
sub reconfigure ($self, $more) {
	$self->{conf} = merged($self->{conf}, $more);
	return $self->configure;
}

sub configure ($self, $text = undef) {
	write_file($self->{file}, $text // conf_text($self->{conf}));
	return $self;
}

# What a program of the stage needs in its environment.
sub environment ($self) {
	return (LD_LIBRARY_PATH => $self->{stage}{libdir}, HOME => $self->{dir}, %{ $self->{env} });
}

# Starts the daemon in the foreground and does not wait for it. The log of an earlier
# life stays in front.
sub spawn ($self) {
	die "$self->{name} runs already" if $self->{pid};
	my %env  = $self->environment;
	my $prog = $self->{program} // "$self->{stage}{sbindir}/timenoded";
	$self->{from} = -s $self->{log} // 0; # where this life's log begins
	$self->{begun} = time;
	$self->{starts}++;
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		@ENV{ keys %env } = values %env;
		open STDIN,  '<',  '/dev/null';
		open STDOUT, '>>', "$self->{dir}/out";
		open STDERR, '>>', $self->{log};
		my @cmd = (@{ $self->{wrap} }, $prog, @{ $self->{args} });
		exec { $cmd[0] } @cmd or POSIX::_exit(127);
	}
	$self->{pid} = $pid;
	delete $self->{status};
	return $self;
}

# Starts it and waits until it serves.
sub start ($self, $deadline = 10) {
	$self->spawn;
	wait_until(sub { $self->log_has(qr/ is up, pid /) || !$self->alive }, $deadline, "$self->{name} is up");
	if (!$self->alive) {
		fail("$self->{name} is up");
		$self->show;
	}
	return $self;
}

# Is it a running process? Reaps it if not.
sub alive ($self) {
	return 0 unless $self->{pid};
	my $got = waitpid $self->{pid}, WNOHANG;
	return 1 if $got == 0;
	$self->reaped($got == $self->{pid} ? $? : -1);
	return 0;
}

sub reaped ($self, $status) {
	$self->{status} = $status & 127 ? -($status & 127) : $status >> 8;
	delete $self->{pid};
	return $self->{status};
}

# Its exit code or -signal once it has ended; undef at the deadline.
sub ended ($self, $deadline = 10) {
	my $end = time + slow($deadline);
	while ($self->alive) {
		return if time >= $end;
		sleep 0.005;
	}
	return $self->{status};
}

# The end a service manager asks for; anything but exit code 0 in time is a failed test.
sub stop ($self, $deadline = 10) {
	return 1 unless $self->{pid} || defined $self->{status};
	kill 'TERM', $self->{pid} if $self->{pid};
	my $code = $self->ended($deadline);
	if (!defined $code) {
		fail("$self->{name} stops on SIGTERM");
		$self->kill9;
		return 0;
	}
	is($code, 0, "$self->{name} ends with 0") if $code != 0;
	delete $self->{status};
	return $code == 0;
}

# Its log is of no more interest.
sub forget ($self) {
	@nodes = grep { $_ != $self } @nodes;
	return;
}

sub kill9 ($self) {
	return unless $self->{pid};
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
	delete $self->{pid};
	return;
}

sub send_signal ($self, $name) { return $self->{pid} ? kill $name, $self->{pid} : 0 }
sub cont ($self) { return $self->send_signal('CONT') }

# Returns once the process really stands still.
sub pause ($self) {
	$self->send_signal('STOP');
	return wait_until(sub { slurp("/proc/$self->{pid}/stat") =~ /\) T/ }, 5, "$self->{name} stands still");
}

# Bytes: {rss}, {anon} and {peak} of the process.
sub memory ($self) {
	my $text = slurp("/proc/$self->{pid}/status");
	my %kib = $text =~ /^(VmRSS|RssAnon|VmHWM):\s+(\d+) kB$/mg;
	return { rss => 1024 * ($kib{VmRSS} // 0), anon => 1024 * ($kib{RssAnon} // 0),
		peak => 1024 * ($kib{VmHWM} // 0) };
}

# Open descriptors.
sub files ($self) { return scalar(() = glob "/proc/$self->{pid}/fd/*") }

# Seconds of processor time so far.
sub cpu ($self) {
	my @f = split ' ', slurp("/proc/$self->{pid}/stat") =~ s/^.*\) //sr;
	return (($f[11] // 0) + ($f[12] // 0)) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# ---- its log

# The log of this life.
sub log_text ($self) {
	my $text = slurp($self->{log});
	return substr $text, ($self->{from} // 0) < length $text ? $self->{from} // 0 : length $text;
}
sub log_lines ($self, $regex = qr//) { return grep { $_ =~ $regex } split /\n/, $self->log_text }
sub log_has ($self, $regex) { return $self->log_text =~ $regex }
sub log_count ($self, $regex = qr//) { return scalar $self->log_lines($regex) }

# From where wait_log(.., since => mark) looks.
sub mark ($self) { return length $self->log_text }

# Waits for a line; returns it. since => a mark.
sub wait_log ($self, $regex, $deadline = 10, %opt) {
	my $line;
	my $found = sub {
		my $new = substr $self->log_text, $opt{since} // 0;
		($line) = grep { $_ =~ $regex } split /\n/, $new;
		return defined $line || $self->{starts} && !$self->alive;
	};
	wait_until($found, $deadline, "$self->{name} logs $regex") // return;
	fail("$self->{name} logs $regex, but it has ended") unless defined $line;
	return $line;
}

# Seconds since the epoch of a log line.
sub log_time ($line) {
	my ($y, $mon, $d, $h, $min, $s, $frac) =
		$line =~ /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?Z/ or return;
	require Time::Local;
	return Time::Local::timegm($s, $min, $h, $d, $mon - 1, $y) + ($frac // 0);
}

# The end of the log, for whoever looks at a failure.
sub show ($self, $lines = 25) {
	my @all = split /\n/, slurp($self->{log});
	splice @all, 0, @all - $lines if @all > $lines;
	diag("---- the end of $self->{name}'s log ($self->{ip}:$self->{port}):");
	diag("  $_") for @all;
	return;
}

# ---- asking it

# One command over the control socket: {rows => [...], end => code} or {rows, error, code};
# {error} too when there is no answer in time.
sub ask ($self, $cmd, $args = {}, $deadline = 10) {
	return $self->answer($self->put($cmd, $args), $deadline);
}

# The first half of it: the request is with the daemon's kernel, whether or not the daemon
# runs. For answer().
sub put ($self, $cmd, $args = {}) {
	my $s = IO::Socket::UNIX->new(Peer => $self->{socket})
		or return { error => "cannot connect to $self->{socket}: $!" };
	local $SIG{PIPE} = 'IGNORE';
	syswrite $s, $json->encode({ id => 1, cmd => $cmd, args => $args }) . "\n";
	return { cmd => $cmd, sock => $s };
}

sub answer ($self, $put, $deadline = 10) {
	my $answer = { rows => [] };
	my ($end, $in) = (time + slow($deadline), '');
	my $s = $put->{sock} or return { %$answer, error => $put->{error} };
	while (1) {
		while ($in =~ s/^(.*)\n//) {
			my $line = $json->decode($1);
			if ($line->{row}) { push @{ $answer->{rows} }, $line->{row}; next }
			return { %$answer, map { $_ => $line->{$_} } qw(end error code) };
		}
		my $left = $end - time;
		return { %$answer, error => "no answer to $put->{cmd} in time" } if $left <= 0;
		next unless IO::Select->new($s)->can_read($left);
		my $n = sysread $s, $in, 65536, length $in;
		next if !defined $n && $! == EINTR;
		return { %$answer, error => "the socket was closed during $put->{cmd}" } unless $n;
	}
}

# The rows of a command that must work.
sub rows ($self, $cmd, $args = {}) {
	my $a = $self->ask($cmd, $args);
	if (defined $a->{error}) {
		fail("$self->{name}: $cmd");
		diag($a->{error});
	}
	return @{ $a->{rows} };
}

sub status ($self) { return ($self->rows('status'))[0] // {} }

# Sessions that are up.
sub peers ($self) {
	my $a = $self->ask('peers');
	return grep { $_->{state} eq 'up' } @{ $a->{rows} };
}

# The installed timenode-cli against this node: (exit code, stdout, stderr).
sub cli ($self, @args) {
	my %env = ($self->environment, TIMENODE_SOCKET => $self->{socket});
	return run_cmd(["$self->{stage}{bindir}/timenode-cli", @args], env => \%env);
}

# The same with --json, decoded; undef and a failed test if it does not work.
sub cli_json ($self, @args) {
	my ($code, $out, $err) = $self->cli('--json', @args);
	my $got = eval { $json->decode($out) };
	return $got->{rows} if $code == 0 && $got && $got->{rows};
	fail("timenode-cli --json @args");
	diag("exit code $code: $out$err");
	return;
}

# ---- the account

# Sums of every row of the audit: {Ping}{received} and so on, refusals as {refused}{why}.
# way: 'in' (what was received) or 'out' (what was offered).
sub account ($self, $way) {
	my %sum;
	for my $row ($self->rows('audit')) {
		next if exists $row->{offered} ? $way eq 'in' : $way eq 'out';
		my $m = $sum{ $row->{message} } //= { refused => {} };
		$m->{refused}{$_} += $row->{refused}{$_} for keys %{ $row->{refused} // {} };
		$m->{$_} += $row->{$_} // 0
			for qw(received handled unknown malformed waiting offered sent discarded queued off_by);
	}
	return \%sum;
}

# What does not balance, one text each: rows, counted here once more from their own
# figures, and what status and log say.
sub audit_faults ($self) {
	my $a = $self->ask('audit');
	my @bad;
	push @bad, $a->{error} if defined $a->{error};
	for my $r (@{ $a->{rows} }) {
		my $refused = sum0(values %{ $r->{refused} // {} });
		my $off = exists $r->{offered}
			? $r->{offered} - $r->{sent} - $refused - $r->{discarded} - $r->{queued}
			: exists $r->{received}
			? $r->{received} - $r->{handled} - $refused - $r->{unknown} - $r->{malformed} - $r->{waiting}
			: $r->{off_by};
		push @bad, $json->encode($r) if $off != 0 || $r->{off_by} != 0;
	}
	my $said = $self->status->{audit} // '';
	push @bad, "status: $said" if $said ne 'ok';
	push @bad, $self->log_lines(qr/ error .*audit|audit: off by/);
	return @bad;
}

# True if every message met its fate.
sub audit_ok ($self, $what = "$self->{name}: every message is accounted for") {
	my @bad = $self->audit_faults;
	return ok(!@bad, $what) || diag(join "\n", @bad) && 0;
}

# ---- a mesh

# n nodes on 127.0.0.1 and up, one port, each connecting to all others.
sub mesh_nodes ($n, %more) {
	my $port = free_ports();
	my @ip = map { "127.0.0.$_" } 1 .. $n;
	return map {
		my $me = $_;
		my $conf = merged({ network => { connect => [map { "$_:$port" } grep { $_ ne $me } @ip] } },
			$more{conf} // {});
		NodeTest->new('node ' . $me =~ s/.*\.//r, $me, $port, %more, conf => $conf);
	} @ip;
}

# ---- the end

END {
	my $rc = $?;
	if ($$ == $owner) {
		my $passing = Test::More->builder->is_passing && $rc == 0;
		$passing || $_->show for @nodes;
		for my $n (grep { $_->{pid} } @nodes) {
			kill 'CONT', $n->{pid};
			kill 'KILL', $n->{pid};
			waitpid $n->{pid}, 0;
		}
	}
	$? = $rc;
}

1;
