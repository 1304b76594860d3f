#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/86-masternodes.t - ten real masternodes with scaled intervals: one active set in one order, a
# killed one goes silent everywhere and comes back, a restart keeps the registry; and a peer
# that lies
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
my $nodes = 10;
my $slow  = slow(1);

sub ms ($n) { return int($n * $slow) . 'ms' }
my $silence = 3000; # milliseconds, times TN_SLOW
my $check   = 500;

stage();

# All know the first one; of the others each hears.
my @node = map {
	my $ip = "127.0.0.$_";
	NodeTest->new("mn$_", $ip, $port, conf => {
		network => { dial_rule => 'any', connect => $_ == 1 ? [] : ["127.0.0.1:$port"] },
		plugins => { peers => undef, pingpong => { interval => '30s' }, masternodes => {
			masternode => \1, announce_first => ms(300), announce_every => ms(1000), ask_every => ms(1000),
			silence => ms($silence), check_every => ms($check) } } });
} 1 .. $nodes;

sub active ($n) { return map { $_->{address} } $n->rows('masternodelist', { which => 'active' }) }
sub row ($n, $ip) { return (grep { $_->{address} eq $ip } $n->rows('masternodelist'))[0] // {} }

my @all = sort map { $_->{ip} } @node;
my $all = "@all";

# ---- one set, in one order, with the same keys

$_->spawn for @node;
for my $n (@node) {
	wait_until(sub { $n->log_has(qr/ is up, pid /) || !$n->alive }, 20, "$n->{name} is up");
}
for my $n (@node) {
	wait_until(sub { join(' ', active($n)) eq $all }, 60, "$n->{name} has all ten") or diag(join ' ', active($n));
}
is(join(' ', active($_)), $all, "$_->{name}: the same ordered set") for @node;
my %key = map { $_->{ip} => (($_->rows('masternodestatus'))[0] // {})->{key} } @node;
for my $n (@node) {
	my %has = map { $_->{address} => $_->{key} } $n->rows('masternodelist');
	is_deeply(\%has, \%key, "$n->{name}: every key is its owner's");
}
done_testing;
