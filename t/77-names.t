#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/77-names.t - every name of the wire, in a session dialed by us and in one dialed by
# them, with and without an owner: each message meets its written fate, none vanishes
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Hostile qw(fates diff_fates next_fate sum_of vectors);
use NodeTest qw(free_ports wait_until);
use Peer;

my $all47 = ($ENV{TN_BUILDDIR} // '.') . '/t/plugins/.libs/all47.so';
my @lines = vectors('messages.jsonl');
my %core  = map { $_ => 1 } qw(Handshake Ack Version);
is(scalar(keys %{ { map { $_->{name} => 1 } @lines } }), 47, 'a line of each of the 47 names');

# The fate of one message of that name, in a session that is up.
sub written ($name, $owned) {
	return 'refused(handshake)' if $name eq 'Handshake';    # a second one, or from a listener
	return 'handled' if $core{$name};
	return 'refused(no-owner)' unless $owned;
	return 'refused(pingpong.unmatched)' if $name eq 'Pong';         # nobody asked: see answered()
	return 'refused(unasked)' if $name eq 'PeersResponse';
	return 'handled';
}

# One more message on the wire, and the only thing that changes in the account is this.
sub meets ($node, $p, $bytes, $name, $fate, $what) {
	my $was = fates($node);
	$p->send_raw("$bytes\n");
	my $new = next_fate($node, undef, $was);
	is_deeply($new, { $name => { received => 1, $fate => 1 } }, "$what: $fate") or diag(explain($new));
	return;
}

# The peer in this session, past the handshake.
sub session ($node, $dir, $listener) {
	if ($dir eq 'dialed by them') {
		my $p = Peer->dial("$node->{ip}:$node->{port}", from => '127.0.0.9');
		$p->handshake;
		return $p;
	}
	my $p = $listener->accept;
	$p->answer;
	return $p;
}

# With owners the node asks first: the answers to its questions are handled.
sub answered ($node, $p) {
	my $was = fates($node);
	my $ping = $p->expect('Ping');
	$p->pong($ping);
	$p->expect('GetPeers') unless grep { $_->[0] eq 'GetPeers' } @{ $p->{skipped} };
	$p->send_json({ PeersResponse => [] });
	is_deeply(next_fate($node, undef, $was, 2),
		{ map { $_ => { received => 1, handled => 1 } } qw(Pong PeersResponse) }, 'what was asked for: handled');
	return;
}

sub run ($dir, $owned) {
	my $listener = $dir eq 'dialed by us' ? Peer->listen('127.0.0.9') : undef;
	my $node = NodeTest->new("$dir, " . ($owned ? 'owners loaded' : 'no owner'), '127.0.0.1', free_ports(), conf => {
		network => { $listener ? (connect => ["127.0.0.9:$listener->{port}"]) : (), dial_rule => 'any' },
		plugins => $owned ? { pingpong => { interval => '600s' }, peers => {}, all47 => { path => $all47 } }
			: { pingpong => undef, peers => undef } })->start;
	my $p = session($node, $dir, $listener);
	wait_until(sub { scalar $node->peers }, 5, 'a session');
	is(join(' ', map { $_->{dir} } $node->peers), $listener ? 'out' : 'in', "$node->{name}: the session is the right one");
	my $first = $listener ? 'Ack' : 'Handshake';
	is_deeply(fates($node), { $first => { received => 1, handled => 1 } }, "the first $first: handled");
	answered($node, $p) if $owned;
	my $sent = sum_of(fates($node));
	for my $v (@lines) {
		meets($node, $p, $v->{bytes}, $v->{name}, written($v->{name}, $owned), "$v->{case}, $node->{name}");
		$sent++;
	}
	for my $line ('"GetEverything"', '{"GetEverything":{"a":1}}', '{"ping":{"nonce":1,"timestamp":2}}') {
		meets($node, $p, $line, '?', 'unknown', "$line, $node->{name}");
		$sent++;
	}
	is(scalar($node->peers), 1, "$node->{name}: the session lives");
	is(sum_of(fates($node)), $sent, "$node->{name}: received is what was sent");
	is(sum_of(fates($node), 'waiting'), 0, "$node->{name}: and nothing waits");
	my ($row) = grep { $_->{name} eq 'all47' } $node->rows('plugins');
	is(defined $row ? 1 : 0, $owned, "$node->{name}: the owner is loaded or not");
	is($node->status->{'all47.taken'}, scalar(grep { fixture($_->{name}) } @lines), 'and has got its messages') if $owned;
	my ($said) = $node->log_text =~ /no plugin owns these messages.*: (.*)/;
	is_deeply([sort split /[ ,]+/, $said // ''], $owned ? [] : [sort grep { !$core{$_} } names()], 'who has no owner is said at the start');
	my $live = fates($node);
	$p->close;
	wait_until(sub { !$node->peers }, 5, 'the session ends');
	is_deeply(fates($node), $live, "$node->{name}: the same figures after the session's end");
	$node->audit_ok;
	$node->stop;
	return;
}

sub names () {
	my %seen;
	return grep { !$seen{$_}++ } map { $_->{name} } @lines;
}

sub fixture ($name) { return !$core{$name} && $name !~ /^(?:Ping|Pong|GetPeers|PeersResponse)$/ }

for my $owned (1, 0) {
	run($_, $owned) for 'dialed by them', 'dialed by us';
}
done_testing();
