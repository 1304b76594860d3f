#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/87-payments.t - payments of four real masternodes: all final everywhere, and how soon
#
# PAYMENTS=1000 CHAIN=100 RATE=100 for the long form (the default is 200 payments and a chain of 50).
# The times from submission to finality on the last node are printed; none is asserted.
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use PayTest;
use Time::HiRes qw(time);

my $count = $ENV{PAYMENTS} // 200;
my $chain = $ENV{CHAIN}    // 50;
my $rate  = $ENV{RATE}     // 100;
my $slow  = $ENV{TN_SLOW}  // 1;

my $lab   = PayTest->new(nodes => 4, coins => $count + 1);
my @pay   = $lab->payments($count, $chain);
my @watch = map { $lab->watch($_) } 0 .. 3;

# Offers them one by one, each to another node, at the rate; waits until all are final.
sub offer ($what, @pay) {
	my (%sent, %final, %last);
	my $hear = sub ($i, $id) {
		return if !exists $sent{$id} || $final{$id}{$i}++;
		$last{$id} = time - $sent{$id} if keys %{ $final{$id} } == 4;
	};
	my ($begun, $n) = (time, 0);
	my $end = $begun + @pay / $rate + 60 * $slow;
	while (keys %last < @pay && time < $end) {
		while ($n < @pay && $begun + $n / $rate <= time) {
			$sent{ $pay[$n][0] } = time;
			$watch[$n % 4]->send_line($pay[$n][1]);
			$n++;
		}
		my $next = $n < @pay ? $begun + $n / $rate - time : 0.1;
		$lab->listen(\@watch, $next > 0 ? $next : 0, $hear);
	}
	is(scalar keys %last, scalar @pay, "$what: all are final on every node");
	my @ms = sort { $a <=> $b } map { 1000 * $_ } values %last;
	diag(sprintf '%s: %d at %d a second; submission to final on the last node: median %.1f ms, 99 %% %.1f ms, '
		. 'worst %.1f ms', $what, scalar @ms, $rate, $ms[@ms / 2], $ms[@ms * 0.99], $ms[-1]) if @ms;
	return;
}

offer('payments',                             @pay[0 .. $count - 1]);
offer('a chain, each spends the last one\'s change', @pay[$count .. $#pay]);

is_deeply([$lab->finals], [($count + $chain) x 4], 'every node says so itself');
for my $node (@{ $lab->{node} }) {
	my $s = $node->status;
	is($s->{'transactions.open'}, 0, "$node->{name}: nothing is left open");
	is($s->{'transactions.voters'}, 4, 'with four voters');
	$node->audit_ok;
}

# The certificate: three voters or more, each once.
my $tx = ($lab->{node}[2]->rows('gettransaction', { txid => $pay[0][2] }))[0];
is($tx->{state}, 'final', 'gettransaction says so');
my %by = map { $_->{voter} => length $_->{signature} } grep { $_->{approve} } @{ $tx->{voted} };
cmp_ok(scalar keys %by, '>=', 3, 'with the votes that made it final');
is_deeply([grep { $_ != 128 } values %by], [], 'and their signatures');
is($tx->{votes}, scalar keys %by, 'their number');

# A restart of all at once: what was final is final.
$_->stop for @{ $lab->{node} };
$_->start for @{ $lab->{node} };
is_deeply([$lab->finals], [($count + $chain) x 4], 'after a restart it still is');
my $again = ($lab->{node}[2]->rows('gettransaction', { txid => $pay[0][2] }))[0];
is_deeply([map { "$_->{voter} $_->{signature}" } @{ $again->{voted} }],
	[map { "$_->{voter} $_->{signature}" } @{ $tx->{voted} }], 'with the same certificate');
$_->stop for @{ $lab->{node} };

done_testing;
