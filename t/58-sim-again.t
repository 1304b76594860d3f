#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/58-sim-again.t - a seed that fails says how it is run again, and that command shows the
# same failure, with a trace that a person can read
use v5.36;
use Test::More;

my $build = $ENV{TN_BUILDDIR} // '.';
chdir $build or die "$build: $!";

# (exit code, what it said) of a command as it is printed
sub shell ($command) {
	my $said = qx(exec 2>&1; $command);
	return ($? >> 8, $said);
}

# A rule of the past that fails early (t/58-sim-history.c); the whole test finds such seeds.
my ($code, $said);
my ($rule, $seed) = (2, 0);
while ($seed++ < 10) {
	($code, $said) = shell("t/58-sim-history.t $rule $seed");
	last if $code;
}
isnt($code, 0, "rule $rule fails with seed $seed");
like($said, qr/^# seed $seed at \d+\.\d{6} s: \S/m, 'the breach: seed, instant and what it is');
my ($breach) = $said =~ /^(# seed .*)$/m;
my ($again) = $said =~ /^# again, with a trace: (.+)$/m;
ok($again, 'and the command') or BAIL_OUT($said);
like($said, qr/^# +\d+\.\d{6} n\d+: \d{4}-\d\d-\d\dT\S+ info net \[(?:IN|OUT)BOUND\] Handshake completed/m, 'the trace has state changes');
like($said, qr/^# +\d+\.\d{6} n\d+ .*"?Handshake/m, 'and messages');

my ($code2, $said2) = shell($again);
isnt($code2, 0, "it fails again: $again");
is(($said2 =~ /^(# seed .*)$/m)[0], $breach, 'with the same breach at the same instant');
is($said2, $said, 'and the same trace');

# The command carries all that makes a run: other sizes and peace are other networks.
($code, $said) = shell('NODES=5 HOURS=1 FAULTS=0 t/57-sim-storm.t 7');
is($code, 0, 'in peace');
like($said, qr/^# peace: 5 node-hours/m, 'of the size asked for');
done_testing();
