#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/87-mn-replay.t - what a masternode really said, said again by somebody else: over other links,
# after its silence, after it has got another key, after a restart of who hears it
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use NodeTest qw(free_ports slow stage wait_until);
use Peer;

$SIG{PIPE} = 'IGNORE';
my $json = JSON::PP->new->utf8->canonical;
my $port = free_ports();
my $slow = slow(1);

sub ms ($n) { return int($n * $slow) . 'ms' }
stage();

my ($hub, $one, $far) = map {
	NodeTest->new("replay$_", "127.0.0.$_", $port, conf => {
		network => { dial_rule => 'any', connect => $_ == 1 ? [] : ["127.0.0.1:$port"] },
		plugins => { peers => undef, pingpong => { interval => '30s' }, masternodes => {
			masternode => \1, announce_first => ms(200), announce_every => ms(1000), ask_every => ms(1000),
			silence => ms(3000), check_every => ms(300), heartbeat_every => '10m' } } });
} 1 .. 3;

sub row ($n) { return (grep { $_->{address} eq $one->{ip} } $n->rows('masternodelist'))[0] // {} }

# What is believed of it: all that does not only count time.
sub belief ($n) {
	my $r = row($n);
	return $json->encode({ map { $_ => $r->{$_} } qw(address state tier announced reward key collateral first_seen) });
}

sub peer ($ip) {
	my $p = Peer->dial("$ip:$port", from => '127.0.0.77');
	$p->handshake(features => ['hello']);
	return $p;
}

# Two announcements of its own, in the order in which it made them.
sub overhear {
	my $p = peer($one->{ip});
	my (@line, %seen);
	while (@line < 2) {
		my $line = $p->line(15) // last;
		next unless $line =~ /"MasternodeAnnouncement"/;
		my $time = $json->decode($line)->{MasternodeAnnouncement}{timestamp};
		push @line, $line unless $seen{$time}++;
	}
	$p->close;
	is(scalar @line, 2, 'two of its announcements are overheard');
	return @line;
}

sub refused ($n, $why) { return $n->account('in')->{MasternodeAnnouncement}{refused}{"masternodes.$why"} // 0 }

# Said to a node over another link; nobody believes anything else afterwards.
sub is_refused ($line, $why, $what) {
	for my $n ($hub, $far) {
		my $p      = peer($n->{ip});
		my @before = map { belief($_) } $hub, $far;
		my $count  = refused($n, $why);
		$p->send_line($line);
		$p->ping(10);
		is(refused($n, $why), $count + 1, "$what, to $n->{ip}: refused(masternodes.$why)");
		is_deeply([map { belief($_) } $hub, $far], \@before, 'nothing changed, there or elsewhere');
		$p->close;
	}
	return;
}

$_->start for $hub, $one, $far;
for my $n ($hub, $far) {
	wait_until(sub { (row($n)->{state} // '') eq 'active' }, 30, "$n->{name} knows it");
}
my ($first, $last) = overhear();
my $made = $json->decode($last)->{MasternodeAnnouncement}{timestamp};
for my $n ($hub, $far) { # one serves all links for five seconds
	wait_until(sub { row($n)->{last_seen} > $made + 6 }, 60, "$n->{name} has heard a later one itself");
}

# ---- while it lives

wait_until(sub { (($hub->rows('masternodestatus'))[0] // {})->{masternodes_active} == 3 }, 20, 'all are active');
is_refused($first, 'replayed', 'an old announcement');
my $p = peer($hub->{ip});
my $malformed = sub { my $n = 0; $n += $_->{malformed} // 0 for values %{ $hub->account('in') }; return $n };
my $was = $malformed->();
$p->send_line(substr $last, 0, -30);
$p->ping(10);
is($malformed->(), $was + 1, 'cut off: malformed');
$p->close;

# ---- when it is silent: the last words do not raise it

my $key = row($hub)->{key};
$one->kill9;
for my $n ($hub, $far) {
	wait_until(sub { row($n)->{state} eq 'inactive' }, 30, "$n->{name} sees that it is silent");
}
is_refused($last, 'replayed', 'its last words');
is(row($_)->{state}, 'inactive', 'it stays inactive') for $hub, $far;

# ---- it comes back with another wallet

unlink "$one->{dir}/data/time-wallet.dat" or BAIL_OUT("unlink: $!");
$one->start;
my $new = ($one->rows('masternodestatus'))[0]{key};
isnt($new, $key, 'it has got another key');
for my $n ($hub, $far) {
	wait_until(sub { row($n)->{key} eq $new && row($n)->{state} eq 'active' }, 30, "$n->{name} takes it: the old one was silent");
	ok($n->log_has(qr/Masternode 127\.0\.0\.2 has another key/), 'and says so');
}
is_refused($last, 'key', 'an announcement of the old key');

# ---- it dies, and those who hear it are killed as well: what was not on the disk is lost

my (undef, $newest) = overhear();
sub heard ($n) { return $n->account('in')->{MasternodeAnnouncement}{handled} // 0 }
for my $n ($hub, $far) { # the key is, a second after it was taken
	my $now = heard($n);
	wait_until(sub { heard($n) > $now + 4 }, 30, 'some announcements later');
}
$_->kill9 for $one, $hub, $far;
$_->start for $hub, $far;
for my $n ($hub, $far) {
	is(row($n)->{key}, $new, "$n->{name}: the new key stays");
	wait_until(sub { row($n)->{state} eq 'inactive' }, 20, "$n->{name}: it is silent");
}
is_refused($last, 'old', 'after a crash, an announcement of the old key');
is_refused($newest, 'old', 'and the last words of the new one');
is(row($_)->{state}, 'inactive', 'it stays inactive') for $hub, $far;
$_->stop for $hub, $far;
done_testing();
