#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# bench/payments.pl - payments a second of real masternodes, beside what the processors can verify
#
# usage: payments.pl [NODES [PAYMENTS [ROUNDS]]]     (make bench-payments NODES_PAID=20 sets the rest)
#
# Each round: how many signatures all processors together verify in a second, alone; then payments are offered
# as fast as they are taken, until all are final everywhere. The limit is that rate divided by the verifications that a payment
# took, on all nodes together (its own signature, and votes), as the nodes count them. On a machine that others use
# too the second figure says more: how much of the nodes' processor time is verification.
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../t/lib";

use PayTest;
use Time::HiRes qw(time sleep);

my $nodes  = shift // 4;
my $count  = shift // 2000;
my $rounds = shift // 3;
my $cpus   = () = glob '/sys/devices/system/cpu/cpu[0-9]*';
my $window = $ENV{WINDOW} // 500; # payments under way
my $build  = $ENV{TN_BUILDDIR} // '.';

# All processors at once, for a second.
sub verify_rate () {
	my ($sum, $own) = (0, 0);
	my @job = map { open my $fh, '-|', "$build/t/paygen", 'rate', 1 or die "paygen: $!"; $fh } 1 .. $cpus;
	for my $fh (@job) {
		my ($wall, $cpu) = split ' ', readline $fh;
		$sum += $wall;
		$own += $cpu / @job;
	}
	return ($sum, $own);
}

sub sums ($lab, $name) {
	my $n = 0;
	$n += $_->status->{"transactions.$name"} // 0 for @{ $lab->{node} };
	return $n;
}

sub round ($lab, $watch, $pay) {
	my %first = map { $_ => sums($lab, $_) } qw(votes_verified pool_final);
	my @cpu   = map { $_->cpu } @{ $lab->{node} };
	my ($rate, $own) = verify_rate();
	my ($begun, $sent, $final) = (time, 0, 0);
	my %want  = map { $_->[0] => 1 } @$pay;
	my $end   = $begun + 300;
	while ($final < @$pay && time < $end) {
		while ($sent < @$pay && $sent - $final < $window) {
			$watch->[$sent % @$watch]->send_line($pay->[$sent][1]);
			$sent++;
		}
		$lab->listen($watch, 0.02, sub ($i, $id) { $final++ if $i == 0 && delete $want{$id} });
	}
	sleep 0.01 while sums($lab, 'pool_final') - $first{pool_final} < @$pay * @{ $lab->{node} } && time < $end;
	my $took  = time - $begun;
	# each node verifies the payment's one signature itself
	my $check = (sums($lab, 'votes_verified') - $first{votes_verified}) / @$pay + @{ $lab->{node} };
	my $cpu   = 0;
	$cpu += $lab->{node}[$_]->cpu - $cpu[$_] for 0 .. $#cpu;
	my $limit = $rate / $check;
	diag(sprintf '%d nodes: %d payments, %.0f a second; %.1f verifications each, %.0f a second alone: limit %.0f; '
		. '%.0f %% of it. Of the processor time that nodes used (%.2f of %d), %.0f %% is verification',
		scalar @{ $lab->{node} }, scalar @$pay, @$pay / $took, $check, $rate, $limit, 100 * @$pay / $took / $limit,
		$cpu / $took, $cpus, 100 * $check * @$pay / $own / $cpu);
	is(sums($lab, 'pool_final') - $first{pool_final}, @$pay * @{ $lab->{node} }, 'all are final everywhere');
	return;
}

my $lab   = PayTest->new(nodes => $nodes, coins => $count * $rounds + 1, links => 120);
my @pay   = $lab->payments($count * $rounds);
my @watch = map { $lab->watch($_) } 0 .. ($nodes < 4 ? $nodes : 4) - 1;
round($lab, \@watch, [splice @pay, 0, $count]) for 1 .. $rounds;
$_->stop(60) for @{ $lab->{node} };
done_testing;
