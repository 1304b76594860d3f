#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/76-collide.t - two real processes that dial each other at the same moment, 20 times: the
# same single session is left at both ends, and no ping is lost on it
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use NodeTest qw(free_ports slow wait_until);

# On a slow run fewer, and pings that leave more time for their answers.
my $runs = slow(1) > 1 ? 5 : 20;
my $interval = slow(1) > 1 ? '2s' : '400ms';
my ($doubles, $by_first) = (0, 0);

sub pair () {
	my $port = free_ports();
	my $conf = { network => { dial_rule => 'any' }, plugins => { pingpong => { interval => $interval }, peers => undef } };
	my @n = map { NodeTest->new("node $_", "127.0.0.$_", $port, conf => $conf) } 1, 2;
	$_->start for @n;
	return @n;
}

# Both stand still while each is told to dial the other; then both run.
sub collide (@n) {
	$_->pause for @n;
	my @put = map { $n[$_]->put('addnode', { addr => "$n[1 - $_]{ip}:$n[1 - $_]{port}" }) } 0, 1;
	kill 'CONT', map { $_->{pid} } @n;
	for my $i (0, 1) {
		my $a = $n[$i]->answer($put[$i]);
		diag("addnode: $a->{error}") if defined $a->{error};
	}
	return;
}

# The session both agree on, as "out in" or "in out"; '' as long as they do not. Sessions
# that are closing or not yet up count against it.
sub agreed (@n) {
	my @rows = map { [$_->rows('peers')] } @n;
	return '' if grep { @$_ != 1 || $_->[0]{state} ne 'up' || !$_->[0]{primary} } @rows;
	my @dir = map { $_->[0]{dir} } @rows;
	return $dir[0] ne $dir[1] ? "@dir" : '';
}

sub matched ($n) { return $n->status->{'pingpong.pings_matched'} }

for my $run (1 .. $runs) {
	my @n = pair();
	my $fine = subtest "collision $run" => sub {
		collide(@n);
		ok(wait_until(sub { agreed(@n) }, 20, 'one session'), 'one session, the same at both ends');
		my $kept = agreed(@n);
		my @was = map { matched($_) } @n;
		ok(wait_until(sub { matched($n[0]) >= $was[0] + 2 && matched($n[1]) >= $was[1] + 2 }, 10, 'more pings'),
			'it carries pings both ways');
		is(agreed(@n), $kept, 'it is still that one');
		for my $n (@n) {
			my $s = $n->status;
			is($s->{'pingpong.pings_missed'}, 0, "$n->{name}: no ping was missed");
			is($s->{handshake_failures}, 0, "$n->{name}: no handshake failed");
			$n->audit_ok;
		}
		my $both = grep { $_->log_has(qr/second session with the same peer/) } @n;
		$doubles++ if $both;
		$by_first++ if $kept eq 'out in';
		my @closers = grep { $_->log_has(qr/Connection closed with .*: double/) } @n;
		my @id = map { $_->status->{node_id} } @n;
		is("@{[map { $_->{name} } @closers]}", $id[0] > $id[1] ? 'node 1' : 'node 2', 'the higher node_id closed it') if $both;
		$_->stop for @n;
	};
	$fine && $_->forget for @n;
}
diag("$doubles of $runs had two sessions past the handshake; the one of node 1 survived $by_first times");
cmp_ok($doubles, '>', 0, 'doubles really happened');
done_testing();
