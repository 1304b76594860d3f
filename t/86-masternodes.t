#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/86-masternodes.t - ten real masternodes with scaled intervals: one active set in one order, a
# killed one goes silent everywhere and comes back, a restart keeps the registry; and a peer
# that lies. NODES=5 for slow machines and valgrind, FLOOD=N announcements of the liar (100000)
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use NodeTest qw(free_ports run_cmd slurp slow stage wait_until);
use Peer;
use Time::HiRes qw(time);

my $json  = JSON::PP->new->utf8->canonical;
my $port  = free_ports();
my $nodes = $ENV{NODES} // 10;
$SIG{PIPE} = 'IGNORE';
my $slow  = slow(1);

sub ms ($n) { return int($n * $slow) . 'ms' }
my $silence = 3000; # milliseconds, times TN_SLOW
my $check   = 500;

stage();

# All know the first one; of the others each hears. The first one knows an old node besides.
my $listen = Peer->listen('127.0.0.79', $port);
my @node = map {
	my $ip = "127.0.0.$_";
	NodeTest->new("mn$_", $ip, $port, conf => {
		network => { dial_rule => 'any', connect => [$_ == 1 ? "127.0.0.79:$port" : "127.0.0.1:$port"] },
		plugins => { peers => undef, pingpong => { interval => '30s' }, masternodes => {
			masternode => \1, announce_first => ms(300), announce_every => ms(1000), ask_every => ms(1000),
			silence => ms($silence), check_every => ms($check) } } });
} 1 .. $nodes;

sub active ($n) { return map { $_->{address} } $n->rows('masternodelist', { which => 'active' }) }
sub row ($n, $ip) { return (grep { $_->{address} eq $ip } $n->rows('masternodelist'))[0] // {} }

my @all = sort map { $_->{ip} } @node;
my $all = "@all";

# ---- one set, in one order, with the same keys

$node[0]->start;
my $old = $listen->accept(20);
$old->answer(legacy => 1) if $old;
$_->spawn for @node[1 .. $#node];
for my $n (@node) {
	wait_until(sub { $old->answer_pings(0.05) if $old; $n->log_has(qr/ is up, pid /) || !$n->alive }, 20, "$n->{name} is up");
}
for my $n (@node) {
	wait_until(sub { $old->answer_pings(0.05) if $old; join(' ', active($n)) eq $all }, 60, "$n->{name} has all ten") or diag(join ' ', active($n));
}
is(join(' ', active($_)), $all, "$_->{name}: the same ordered set") for @node;
my %key = map { $_->{ip} => (($_->rows('masternodestatus'))[0] // {})->{key} } @node;
for my $n (@node) {
	my %has = map { $_->{address} => $_->{key} } $n->rows('masternodelist');
	is_deeply(\%has, \%key, "$n->{name}: every key is its owner's");
}

# ---- asked by a new node and by an old one, which tears a line that does not fit into one segment

sub asked ($p) {
	$p->send_line('"GetMasternodes"');
	return $p->expect('MasternodesResponse', 10, pong => 1) // [];
}
my $new = Peer->dial("127.0.0.1:$port", from => '127.0.0.78');
$new->handshake;
my $list = [];
for (1 .. 30) { # an answer may be a second old
	$list = asked($new);
	last if @$list == $nodes;
	$new->answer_pings(1.1);
}
is_deeply({ map { $_->{address} => unpack 'H*', pack 'C*', @{ $_->{public_key} } } @$list }, \%key,
	'GetMasternodes: all ten, with their keys');
is_deeply([sort keys %{ $list->[0] // {} }], [qw(address public_key reward_address tier)], 'as the reference writes them');
$new->close;
$list = asked($old);
is($list->[0]{address}, '127.0.0.1', 'an old node gets the node itself first');
cmp_ok(length $json->encode({ MasternodesResponse => $list }), '<=', 1200, 'and no more than fits');
$_->close for $old, $listen;

# ---- a peer that lies: nothing that it says of others is believed

my $liar = Peer->dial("127.0.0.1:$port", from => '127.0.0.77');
$liar->handshake;
my $pay  = ($node[0]->rows('masternodestatus'))[0]{payment};
my @mine = unpack 'C*', pack 'H*', $key{ $node[-2]{ip} }; # somebody's key: a point on the curve
sub say_so ($address, %more) {
	return $json->encode({ MasternodeAnnouncement => { address => $address, reward_address => $pay, tier => 'Gold',
		public_key => \@mine, %more } });
}
sub refused ($why, $message = 'MasternodeAnnouncement') {
	return $node[0]->account('in')->{$message}{refused}{"masternodes.$why"} // 0;
}
# What the last line became is counted once the Pong is here.
sub is_refused ($line, $why, $what) {
	my $before = refused($why);
	$liar->send_line($line);
	$liar->ping(10);
	is(refused($why), $before + 1, "$what: refused(masternodes.$why)");
	return;
}
my @junk = (7) x 64;
my $now  = int time;
is_refused(say_so('127.0.0.2'), 'address', 'of another address');
is_refused(say_so('2001:db8::1'), 'address', 'of no IPv4 address');
is_refused(say_so('127.0.0.1'), 'ours', 'in the name of the node itself');
is_refused(say_so('127.0.0.2', timestamp => $now, signature => \@junk), 'key', 'of another one, signed with a wrong key');
is_refused(say_so($node[-2]{ip}, timestamp => $now + 60, signature => \@junk), 'signature', 'with the right key, forged');
is_refused(say_so($node[-2]{ip}, timestamp => $now - 3600, signature => \@junk), 'old', 'an hour old');
is_refused(say_so($node[-2]{ip}, timestamp => $now + 3600, signature => \@junk), 'future', 'an hour ahead');
is_refused(say_so($node[-2]{ip}, timestamp => 1, signature => \@junk), 'old', 'as old as time');
is_refused(say_so('127.0.0.88', timestamp => $now, signature => \@junk), 'unmet', 'of somebody who never spoke');
sub malformed { my $all = $node[0]->account('in'); my $n = 0; $n += $_->{malformed} // 0 for values %$all; return $n }
my $malformed = malformed();
$liar->send_line(substr say_so('127.0.0.77'), 0, -20);
$liar->send_line(say_so('127.0.0.77') =~ s/"public_key":\[.*?\]/'"public_key":[2' . ',0' x 31 . ']'/er);
$liar->ping(10);
is(malformed(), $malformed + 2, 'truncated, and with a key that is none: malformed');

# Of itself it may speak, three times a minute; 100,000 times change nothing for the others.
my $one = say_so('127.0.0.77') . "\n";
my $lot = $ENV{FLOOD} // 100_000;
$liar->send_raw($one x 1000) for 1 .. $lot / 1000;
$liar->ping(60);
my %after = map { $_->{address} => $_ } $node[0]->rows('masternodelist');
my $got   = $node[0]->account('in')->{MasternodeAnnouncement};
cmp_ok($got->{received}, '>', $lot, 'all of them were counted');
cmp_ok($got->{refused}{rate} + refused('often'), '>=', $lot - 1000, 'and nearly all refused');
is($after{'127.0.0.77'}{tier}, 'Free', 'it says Gold and counts as Free');
is_deeply({ map { $_ => $after{$_}{key} } @all }, \%key, 'the others have the keys they had');
is(join(' ', grep { $after{$_}{state} eq 'active' } @all), $all, 'and are active');
$liar->close;

# ---- one is killed

sub without ($ip) { return join ' ', grep { $_ ne $ip } @all }
sub ten ($n) { return join ' ', grep { $_ ne '127.0.0.77' } active($n) }
my $dead = $node[-4];
my @rest = grep { $_ != $dead } @node;
$dead->kill9;
my $since = time;
for my $n (@rest) {
	wait_until(sub { ten($n) eq without($dead->{ip}) }, ($silence + $check) / 1000 + 10, "$n->{name} sees that $dead->{ip} is gone");
}
note(sprintf 'inactive on all nine after %.1f s; silence %.1f s, check %.1f s', time - $since, $silence * $slow / 1000, $check * $slow / 1000);
is(row($_, $dead->{ip})->{state}, 'inactive', "$_->{name}: inactive, not forgotten") for @rest;
$dead->start;
$since = time;
for my $n (@rest) {
	wait_until(sub { ten($n) eq $all }, 60, "$n->{name} sees that $dead->{ip} is back");
}
note(sprintf 'active on all nine %.1f s after its start', time - $since);
is(row($node[0], $dead->{ip})->{key}, $key{ $dead->{ip} }, 'with its own key: the wallet was kept');

# ---- a restart keeps the registry: nobody is there to tell

$_->audit_ok for @node;
$_->stop for @node;
my $alone = $node[ $nodes / 2 - 1 ]->start;
my %kept  = map { $_->{address} => $_->{key} } $alone->rows('masternodelist');
delete $kept{'127.0.0.77'};
is_deeply(\%kept, \%key, 'alone after a restart: all ten, with their keys');
my $me = ($alone->rows('masternodestatus'))[0];
ok($me->{masternode} && !$me->{active} && $me->{reason} =~ /no peer is connected/, 'and masternodestatus says what is wrong');

# ---- the wallet

my $copy = "$alone->{dir}/copy";
is(($alone->cli('backupwallet', $copy))[0], 0, 'backupwallet');
is(slurp($copy), slurp("$alone->{dir}/data/time-wallet.dat"), 'writes the same bytes');
my ($code, undef, $err) = $alone->cli('backupwallet', $copy);
ok($code == 1 && $err =~ /is there already/, 'and never over a file') or diag($err);
$alone->stop;
for my $bad (['an address that nobody can reach', qr/nobody on testnet can reach it/, { network => { name => 'testnet' } }],
	['a key that is none', qr/voters: .* 64 hexadecimal digits/, { plugins => { masternodes => { voters => ['203.0.113.7=12'] } } }],
	['a tier that is none', qr/tier: "Lead" is none of/, { plugins => { masternodes => { tier => 'Lead' } } }]) {
	my ($what, $why, $conf) = @$bad;
	my $n = NodeTest->new($what, '127.0.0.5', $port, conf => { plugins => { masternodes => { masternode => \1 } } });
	$n->reconfigure($conf);
	$n->spawn;
	my $end = $n->ended(10);
	ok($end && slurp($n->{log}) =~ $why, "$what refuses the start") or $n->show;
	$n->forget;
}
done_testing;
