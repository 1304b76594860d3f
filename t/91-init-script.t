#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/91-init-script.t - the init script's verbs and LSB exit codes, with a daemon whose node is
# a fake one (t/fake/node.c)
use strict;
use warnings;
use Test::More;
use File::Temp qw(tempdir);
use Time::HiRes qw(time sleep);

my $build  = $ENV{TN_BUILDDIR} // '.';
my $script = "$build/etc/init.d/timenoded";
my $dir    = tempdir(CLEANUP => 1);
my $pidfile = "$dir/run/timenode.pid";
my $limit  = 10 * ($ENV{TN_SLOW} // 1);
END {
	my $rc = $?;
	kill 'KILL', pid() if defined $dir && pid() > 1;
	$? = $rc;
}

sub slurp {
	open my $in, '<', $_[0] or return '';
	local $/;
	return scalar <$in> // '';
}
sub pid { return slurp($pidfile) =~ /^(\d+)$/ ? $1 : 0 }

sub write_file {
	my ($path, $text) = @_;
	open my $out, '>', $path or die "$path: $!";
	print $out $text;
	close $out;
}

sub verb {
	my ($verb) = @_;
	system("TIMENODED_DEFAULTS='$dir/defaults' sh '$script' $verb >'$dir/said' 2>&1 </dev/null");
	return $? >> 8;
}
sub said { return slurp("$dir/said") }

sub defaults {
	my (%more) = @_;
	my %set = (DAEMON => "$build/t/fake-timenoded", CONFIG => "$dir/t.conf", RUN_DIR => "$dir/run",
		DAEMON_USER => '', %more);
	write_file("$dir/defaults", join '', map { "$_='$set{$_}'\n" } sort keys %set);
}

# Ended, or waiting for an init that reaps; waits for it.
sub ended {
	my ($pid) = @_;
	for (my $end = time + $limit; time < $end; sleep 0.01) {
		return 1 if !kill(0, $pid) || slurp("/proc/$pid/stat") =~ /\) Z/;
	}
	return 0;
}

my $good = qq(data_dir = "$dir/data"; run_dir = "$dir/run";\n)
	. qq(network: { name = "private"; };\nlog: { to = "file"; file = "$dir/log"; };\n);
write_file("$dir/t.conf", $good);
defaults();

is(verb('status'), 3, 'status: not running is 3');
is(verb('stop'), 0, 'stop of what is not running is 0');
is(verb('reload'), 7, 'reload of what is not running is 7');
is(verb('nonsense'), 2, 'a wrong verb is 2');
like(said(), qr/^usage: .*start\|stop\|restart\|force-reload\|reload\|status/, 'with the verbs');
is(verb(''), 2, 'no verb is 2');

is(verb('start'), 0, 'start');
my $first = pid();
ok($first > 1 && kill(0, $first), 'it runs') or diag(said());
is(verb('status'), 0, 'status: running is 0');
like(said(), qr/running, pid $first$/m, 'with the pid');
is(verb('start'), 0, 'start of what runs is 0');
is(pid(), $first, 'and starts no other');

is(verb('reload'), 0, 'reload');
my $end = time + $limit;
sleep 0.01 until slurp("$dir/log") =~ /fake: reload/ || time > $end;
like(slurp("$dir/log"), qr/fake: reload/, 'reaches the daemon');
is(pid(), $first, 'which is the same');
write_file("$dir/t.conf", "data_dir = ;\n");
is(verb('reload'), 6, 'reload of a wrong configuration is 6');
like(said(), qr/the running one stays/, 'and says so');
write_file("$dir/t.conf", $good);

is(verb('restart'), 0, 'restart');
my $second = pid();
ok($second > 1 && $second != $first && kill(0, $second), 'another one runs');
ok(ended($first), 'the first has ended');
is(verb('force-reload'), 0, 'force-reload');
isnt(pid(), $second, 'restarts');

# A crash, and a number that somebody else has by now.
my $third = pid();
kill 'KILL', $third;
ended($third);
is(verb('status'), 1, 'status: dead with a pid file is 1');
write_file($pidfile, "$$\n");
is(verb('status'), 1, 'status: the pid of another program is 1 too');
is(verb('stop'), 0, 'stop cleans up');
ok(kill(0, $$) && !-e $pidfile, 'and kills nobody else');
write_file($pidfile, "nonsense\n");
is(verb('status'), 1, 'status: a broken pid file is 1');
is(verb('start'), 0, 'start takes it over');
is(verb('status'), 0, 'and runs');

# One that does not stop by itself: a deadline, then SIGKILL.
defaults(STOP_SECONDS => 1);
write_file("$dir/data/slow-stop", '');
is(verb('stop'), 0, 'stop of one that hangs is 0');
like(said(), qr/did not stop within 1 s, killing it/, 'says what it did');
is(verb('status'), 3, 'it is gone');
unlink "$dir/data/slow-stop";

write_file("$dir/data/refuse-start", '');
is(verb('start'), 1, 'a start that fails at run time is 1');
like(said(), qr/the fake node cannot start/, 'with its reason');
unlink "$dir/data/refuse-start";
write_file("$dir/t.conf", "data_dir = ;\n");
is(verb('start'), 6, 'start with a wrong configuration is 6');
defaults(CONFIG => "$dir/none");
is(verb('start'), 6, 'start without a configuration is 6');
defaults(DAEMON => "$dir/none");
is(verb('start'), 5, 'start of what is not installed is 5');
is(verb('status'), 3, 'nothing is left running');
done_testing();
