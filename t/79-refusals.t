#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/79-refusals.t - who is refused is told why, both ends show it in `why`; bans by hand
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Hostile qw(fates);
use IO::Select;
use NodeTest qw(free_ports wait_until);
use Peer;
use Time::HiRes qw(time);

my $port = free_ports();

# Does `why IP` of the node hold that text among its changes?
sub why_says ($node, $ip, $regex) {
	return scalar grep { ($_->{reason} // '') =~ $regex } @{ $node->ask('why', { ip => $ip })->{rows} };
}

sub both_say ($what, $dialer, $listener, $theirs, $ours) {
	ok(wait_until(sub { why_says($listener, $dialer->{ip}, $ours) }, 10, "$what: why at the listener"), "$what: why at the listener: $ours");
	ok(wait_until(sub { why_says($dialer, $listener->{ip}, $theirs) }, 10, "$what: why at the dialer"), "$what: why at the dialer: $theirs");
	is(scalar($dialer->peers), 0, "$what: no session");
	my ($code, $out) = $listener->cli('why', $dialer->{ip});
	is($code, 0, "$what: timenode-cli why");
	like($out, $ours, "$what: prints it");
	return;
}

sub node ($name, $ip, %conf) {
	return NodeTest->new($name, $ip, $port, conf => { plugins => { pingpong => { interval => '30s' } }, %conf })->start;
}

sub dialer ($name, $ip, $to, %network) {
	return node($name, $ip, network => { connect => ["$to:$port"], dial_rule => 'any', %network });
}

sub finish (@nodes) {
	for my $n (@nodes) {
		$n->audit_ok;
		$n->stop;
	}
	return;
}

# ---- full: one place, and it is taken

{
	my $host = node('full', '127.0.0.1', sessions => { inbound => 1 });
	my $guest = Peer->dial("127.0.0.1:$port", from => '127.0.0.50');
	$guest->handshake;
	my $late = dialer('late', '127.0.0.2', '127.0.0.1');
	both_say('full', $late, $host, qr/refused by the peer: full/, qr/^full|\bfull\b/);
	ok($guest->ping, 'full: who is in stays in');
	$guest->close;
	ok(wait_until(sub { scalar $late->peers }, 15, 'full: its next dial is accepted'), 'full: once there is a place the next dial is accepted');
	finish($late, $host);
}

# ---- another genesis, and self

{
	my $host = node('genesis 1', '127.0.0.1', network => { genesis => 'a1' x 32 });
	my $other = dialer('genesis 2', '127.0.0.2', '127.0.0.1', genesis => 'b2' x 32);
	both_say('genesis', $other, $host, qr/refused by the peer: another genesis/, qr/another genesis/);
	finish($other, $host);
	my $self = node('self', '127.0.0.1', network => { listen => ["0.0.0.0:$port"], local_ip => '127.0.0.1',
		connect => ["127.0.0.3:$port"], dial_rule => 'any' });
	ok(wait_until(sub { why_says($self, '127.0.0.3', qr/refused by the peer: self/) }, 10, 'self: as dialer'), 'self: the dialer says so');
	ok(wait_until(sub { why_says($self, '127.0.0.1', qr/self: this is your own node/) }, 10, 'self: as listener'), 'self: the listener says so');
	my ($row) = $self->rows('why', { ip => '127.0.0.3' });
	is($row->{rule}, 'our own address', 'self: known from then on');
	is($self->status->{dials}, 1, 'self: and not dialed again');
	finish($self);
}

# ---- wrong magic, version, network: only a script sends them

{
	my $host = node('host', '127.0.0.1', network => { strict_network => \1 });
	my %case = ('wrong magic' => { magic => [1, 2, 3, 4] }, 'unsupported protocol version' => { version => 2 },
		'another network' => { network => 'mainnet' });
	my $ip = 51;
	for my $reason (sort keys %case) {
		my $from = '127.0.0.' . $ip++;
		my $p = Peer->dial("127.0.0.1:$port", from => $from);
		my $ack = $p->handshake(%{ $case{$reason} }, listen_port => 1);
		is($ack->{reason}, $reason, "$reason: in the Ack");
		ok(defined $ack->{accepted} && !$ack->{accepted}, "$reason: not accepted");
		is($p->ended, 'end', "$reason: then closed");
		ok(wait_until(sub { why_says($host, $from, qr/^\Q$reason\E$/) }, 5, 'why'), "$reason: in why");
		is_deeply(fates($host, $from), { Handshake => { received => 1, handled => 1 } }, "$reason: counted");
		is(scalar(@{ $host->ask('banlist')->{rows} }), 0, "$reason: a close, not a ban");
	}
	# The other way round: a listener of another kind. It is a real node that says no.
	my $l = Peer->listen('127.0.0.55');
	is(($host->cli('addnode', "127.0.0.55:$l->{port}"))[0], 0, 'addnode');
	my $q = $l->accept;
	$q->answer(refuse => "you are \e[31mred\nand " . 'long' x 20);
	ok($q->ended, 'a refused dialer closes');
	ok(wait_until(sub { why_says($host, '127.0.0.55', qr/refused by the peer: you are [ -~]*red[ -~]*and longlong/) }, 5, 'why'),
		'a reason with control bytes is shown escaped');
	is($host->log_count(qr/[^ -~]/), 0, 'also in the log');

	# An old dialer would be back in 5 s: its socket is held, and not read.
	my $old = Peer->dial("127.0.0.1:$port", from => '127.0.0.56');
	my $ack2 = $old->handshake(legacy => 1, magic => [1, 2, 3, 4]);
	is($ack2->{reason}, 'wrong magic', 'an old node: the Ack has the reason too');
	my $was = fates($host, '127.0.0.56');
	$old->send_line('"GetPeers"') for 1 .. 3;
	my $new = Peer->dial("127.0.0.1:$port", from => '127.0.0.57');
	$new->handshake;
	ok($new->ping, 'meanwhile others are served');
	is_deeply(fates($host, '127.0.0.56'), $was, 'what it sends then is not read');
	ok(!$old->{eof} && $old->fill(0) && !$old->{eof}, 'and its socket is held open');
	is(scalar($host->peers), 1, 'it is no session');
	$_->close for $old, $new;
	finish($host);
}

# ---- bans by hand: list, effect, store

sub refused_as ($from, $reason, $what) {
	my $p = Peer->dial("127.0.0.1:$port", from => $from) // return fail($what);
	my $ack = $p->handshake(listen_port => 1);
	is($ack->{reason}, $reason, $what);
	$p->close;
	return;
}

sub cli_ok ($node, @words) {
	my ($code, $out, $err) = $node->cli(@words);
	is($code, 0, "timenode-cli @words") or diag($out . $err);
	return $out;
}

{
	my $host = node('host', '127.0.0.1');
	my $victim = dialer('victim', '127.0.0.2', '127.0.0.1');
	wait_until(sub { scalar $host->peers }, 10, 'a session');
	my $near = Peer->dial("127.0.0.1:$port", from => '127.0.7.9');
	$near->handshake;
	cli_ok($host, 'ban', '127.0.0.2', '1h', 'no', 'manners');
	ok(wait_until(sub { why_says($victim, '127.0.0.1', qr/refused by the peer: banned by the operator/) }, 10, 'ban'),
		'ban: the session ends, and the next dial hears why');
	both_say('banned', $victim, $host, qr/refused by the peer: banned by the operator/, qr/banned by the operator/);
	like(cli_ok($host, 'why', '127.0.0.2'), qr/no manners/, 'why has the words of the ban');
	ok($near->ping, 'ban: nobody else is touched');

	cli_ok($host, 'ban', '127.0.7.0/24', '2h');
	is($near->ended, 'end', 'a subnet: its sessions are closed');
	refused_as('127.0.7.200', 'banned by the operator', 'a subnet: another address of it is refused');
	my $far = Peer->dial("127.0.0.1:$port", from => '127.0.8.1');
	ok($far->handshake->{accepted}, 'a subnet: the next one is not');
	$far->close;

	my @rows = map { "$_->{ip} $_->{points} $_->{why}" } @{ $host->cli_json('banlist') };
	is_deeply([sort @rows], ['127.0.0.2 0 no manners', '127.0.7.0/24 0 by the operator'], 'banlist --json');
	my ($code, undef, $err) = $host->cli('ban', '127.0.0.2/8');
	is($code, 1, 'a subnet with host bits is refused');
	like($err, qr/no address or subnet/, 'with the reason');
	is(($host->cli('unban', '127.0.0.99'))[0], 1, 'unban of who is not banned is refused');

	cli_ok($host, 'ban', '::ffff:127.0.0.60');
	refused_as('127.0.0.60', 'banned by the operator', 'banned as mapped IPv6: refused as IPv4');
	cli_ok($host, 'unban', '127.0.0.60');
	cli_ok($host, 'ban', '127.0.0.60');
	cli_ok($host, 'unban', '::ffff:127.0.0.60');
	my $free = Peer->dial("127.0.0.1:$port", from => '127.0.0.60');
	ok($free->handshake->{accepted}, 'banned as IPv4, lifted as mapped IPv6: accepted');
	$free->close;

	my $list = $host->cli_json('banlist');
	$host->audit_ok;
	$host->stop;
	$host->start;
	is_deeply($host->cli_json('banlist'), $list, 'a restart keeps the bans');
	refused_as('127.0.7.7', 'banned by the operator', 'and they work');
	cli_ok($host, 'ban', '127.0.9.0/24', '3h', 'the last word');
	$list = $host->cli_json('banlist');
	is(scalar(@$list), 3, 'one more');
	$host->kill9;
	$host->start;
	is_deeply($host->cli_json('banlist'), $list, 'kill -9 right after the answer keeps them too');
	refused_as('127.0.9.7', 'banned by the operator', 'and they work');

	cli_ok($host, 'unban', '127.0.0.2');
	ok(wait_until(sub { scalar $victim->peers }, 90, 'unban: it is back'), 'unban: the next dial is accepted');
	cli_ok($host, 'unban', $_) for '127.0.7.0/24', '127.0.9.0/24';
	$host->kill9;
	$host->start;
	is_deeply($host->cli_json('banlist'), [], 'lifted bans stay lifted over kill -9');
	finish($victim, $host);
}

# A peer that we dial and ban: no dial while it lasts, one at once when it is lifted.
{
	my $host = node('host', '127.0.0.2');
	my $us = dialer('us', '127.0.0.1', '127.0.0.2');
	wait_until(sub { scalar $us->peers }, 10, 'a session');
	my $dials = $us->status->{dials};
	cli_ok($us, 'ban', '127.0.0.2', '1h');
	ok(wait_until(sub { why_says($us, '127.0.0.2', qr/banned by the operator/) && !$us->peers }, 10, 'closed'), 'banning whom we dialed closes the session');
	is(($us->rows('why', { ip => '127.0.0.2' }))[0]{state}, 'banned', 'why says banned first');
	is($us->status->{dials}, $dials, 'it is not dialed');
	cli_ok($us, 'unban', '127.0.0.2');
	ok(wait_until(sub { scalar $us->peers }, 5, 'back'), 'unban dials it at once');
	finish($us, $host);
}
done_testing();
