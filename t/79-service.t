#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/79-service.t - the installed init script with the installed daemon: LSB exit codes, and
# that each verb does what it says (t/91-init-script.t goes through the odd cases)
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use NodeTest qw(free_ports run_cmd slurp stage wait_until write_file);

plan skip_all => 'the init script starts the daemon itself: no wrapper' if $ENV{TN_WRAP};
my $stage = stage();
my $n = NodeTest->new('the service', '127.0.0.1', scalar free_ports());
$n->reconfigure({ log => { to => 'file', file => "$n->{dir}/err" } });
write_file("$n->{dir}/defaults", <<"END");
DAEMON='$stage->{sbindir}/timenoded'
CONFIG='$n->{file}'
RUN_DIR='$n->{dir}/run'
DAEMON_USER=''
END
my $pidfile = "$n->{dir}/run/timenode.pid";

sub pid { return slurp($pidfile) =~ /^(\d+)$/ ? $1 : 0 }
sub runs ($pid) { return kill(0, $pid) && slurp("/proc/$pid/stat") !~ /\) Z/ }

# The pid file goes with the last of its work; the process may need a moment more to exit.
sub has_ended ($pid, $what) { return ok(wait_until(sub { !runs($pid) }, 10, $what), $what) }

END {
	my $rc = $?;
	kill 'KILL', pid() if defined $pidfile && pid() > 1 && runs(pid());
	$? = $rc;
}

# (exit code, what it said)
sub verb ($verb) {
	my %env = ($n->environment, TIMENODED_DEFAULTS => "$n->{dir}/defaults");
	my ($code, $out, $err) = run_cmd(['sh', "$stage->{sysconfdir}/init.d/timenoded", $verb], env => \%env, deadline => 60);
	note("$verb: $code $out$err");
	return wantarray ? ($code, $out . $err) : $code;
}

is(scalar(verb('status')), 3, 'status before the start: 3, not running');
is(scalar(verb('reload')), 7, 'reload: 7, not running');
is(scalar(verb('stop')), 0, 'stop: 0, nothing to do');

is(scalar(verb('start')), 0, 'start: 0');
my $first = pid();
ok($first && runs($first), 'it runs');
is($n->status->{network}, 'private', 'and answers as soon as start returns');
my ($code, $said) = verb('status');
is($code, 0, 'status: 0, running');
like($said, qr/running, pid $first$/m, 'with its pid');
is(scalar(verb('start')), 0, 'start again: 0');
is(pid(), $first, 'and no second one');
is(($n->cli('status'))[0], 0, 'timenode-cli reaches it');

# What a reload may change has changed: debug lines were not there before.
ok(!$n->log_has(qr/ debug /), 'no debug lines');
$n->reconfigure({ log => { level => 'debug' }, network => { connect => ['127.0.0.9:9'] } });
is(scalar(verb('reload')), 0, 'reload: 0');
ok($n->wait_log(qr/onfiguration reloaded/), 'it reads its configuration again');
ok($n->wait_log(qr/Initiating connection to 127\.0\.0\.9:9/), 'and dials whom it now names');
is(pid(), $first, 'as the same process');
my $good = slurp($n->{file});
write_file($n->{file}, "nonsense = 1;\n");
is(scalar(verb('reload')), 6, 'reload of a wrong configuration: 6');
is($n->status->{audit}, 'ok', 'it runs on');
write_file($n->{file}, $good);

is(scalar(verb('restart')), 0, 'restart: 0');
my $second = pid();
ok($second && $second != $first && runs($second), 'another process');
has_ended($first, 'the first has ended');
like($n->log_text, qr/Stopping: SIGTERM.*audit: every message accounted for.*Stopped.*is up/s, 'in good order');
kill 'KILL', $second;
has_ended($second, 'killed');
is(scalar(verb('status')), 1, 'status: 1, dead with a pid file');
is(scalar(verb('start')), 0, 'start takes over what a crash left');
is($n->status->{audit}, 'ok', 'and it answers');
my $third = pid();
is(scalar(verb('stop')), 0, 'stop: 0');
has_ended($third, 'it has ended');
ok(!-e $pidfile, 'its pid file is gone');
is(scalar(verb('status')), 3, 'status: 3');
write_file($n->{file}, "nonsense = 1;\n");
is(scalar(verb('start')), 6, 'start with a wrong configuration: 6');

# A reload names what waits for a restart, and nothing else: neither what the command line
# said instead of the file nor the directories that the file leaves open.
my $m = NodeTest->new('the reloaded', '127.0.0.1', scalar free_ports(),
	args => ['--plugin-dir', $stage->{plugindir}],
	conf => { plugin_dir => undef, $> ? (data_dir => undef, run_dir => undef) : (), plugins => { pingpong => {}, peers => undef } });
$m->{socket} = "$m->{dir}/.timenode/control.sock" if $>; # of root they would be the system's
push @{ $m->{args} }, '-c', $m->{file};
$m->start;
is(($m->cli('reload'))[0], 0, 'nothing has changed');
ok($m->wait_log(qr/configuration reloaded/), 'and it is read');
is_deeply([$m->log_lines(qr/waits for a restart/)], [], 'nothing waits for a restart');
$m->reconfigure({ plugin_dir => '/elsewhere', store => { map_size => '128M' } });
for my $time (1, 2) {
	my $mark = $m->mark;
	is(($m->cli('reload'))[0], 0, "two keys that cannot change, reload $time");
	ok($m->wait_log(qr/configuration reloaded/, 10, since => $mark), 'the rest is taken');
	is_deeply([sort map { /reload: (\S+) waits/ } split /\n/, substr $m->log_text, $mark], ['plugin_dir', 'store.map_size'], 'both are named');
}
$m->audit_ok;
$m->stop;
done_testing();
