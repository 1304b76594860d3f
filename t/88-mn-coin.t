#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/88-mn-coin.t - a paid tier in real processes: a coin of the chain for the masternode's own wallet,
# seen by another node; rolled back, brought again, with kill -9 in each state
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use JSON::PP ();
use NodeTest qw(free_ports slow stage wait_until);

my $build = $ENV{TN_BUILDDIR} // '.';
my $dir   = tempdir(CLEANUP => 1);
my $port  = free_ports();
my $since = 1764547200;
my $slow  = slow(1);

sub ms ($n) { return int($n * $slow) . 'ms' }
stage();

my ($judge, $one) = map {
	NodeTest->new("coin$_", "127.0.0.$_", $port, conf => {
		network => { genesis_time => $since, dial_rule => 'any', connect => $_ == 1 ? [] : ["127.0.0.1:$port"] },
		store   => { map_size => '256M' },
		plugins => { peers => undef, pingpong => { interval => '30s' }, blocks => { address_index => \1 }, masternodes => {
			masternode => $_ == 2 ? \1 : \0, announce_first => ms(100), announce_every => ms(500),
			change_every => '0ms', silence => ms(5000), check_every => ms(500) } } });
} 1, 2;

sub row { return (grep { $_->{address} eq $one->{ip} } $judge->rows('masternodelist'))[0] // {} }
sub status { return ($one->rows('masternodestatus'))[0] // {} }
sub height ($n) { return (($n->rows('getblockcount'))[0] // {})->{height} // -1 }

# At another node and at itself, now and after both were killed.
sub is_tier ($tier, $reason, $what) {
	for my $again (0, 1) {
		if ($again) {
			$_->kill9 for $judge, $one;
			$_->start for $judge, $one;
		}
		my $when = $what . ($again ? ', after kill -9' : '');
		wait_until(sub { (row()->{tier} // '') eq $tier && row()->{announced} eq 'Bronze' && row()->{state} eq 'active' }, 30, "$when: $tier at another node");
		wait_until(sub { status()->{tier} eq $tier && status()->{active} }, 30, "$when: and at itself");
		like(status()->{reason}, $reason, "$when: masternodestatus says why");
		is(row()->{collateral}, $tier eq 'Free' ? JSON::PP::false : JSON::PP::true, "$when: collateral");
	}
	return;
}

$_->start for $judge, $one;
my $own = status()->{payment};
my $file = "$dir/chain.jsonl";
system("'$build/t/chaingen' --network private --genesis-time $since --blocks 60 --txs 0 --masternodes 1 --fund $own:1:100000000000 >'$file'") == 0
	or BAIL_OUT('chaingen');
for my $n ($judge, $one) { # whoever is asked second may have it from the first one
	$n->cli('--timeout', 60, 'chain', 'import', $file);
	wait_until(sub { height($n) == 60 }, 30, "$n->{name} has the chain");
}
my ($coin) = $one->rows('getaddressutxos', { address => $own });
is($coin->{value}, 100_000_000_000, 'a coin of 1000 TIME is its own') or diag(explain($coin));
my $block = $coin->{height};

# ---- named, it proves the tier

is(status()->{tier}, 'Free', 'until it names the coin it is Free');
$one->reconfigure({ plugins => { masternodes => { tier => 'Bronze', collateral => "$coin->{txid}:$coin->{n}" } } });
$one->cli('reload');
is_tier('Bronze', qr/^(?!.*counts as Free)/, 'the coin is named');

# ---- the chain goes back behind it, at both

$one->reconfigure({ network => { connect => [] } });
$_->kill9 for $one;
$one->start;
for my $n ($judge, $one) {
	my ($code, undef, $err) = $n->cli('--timeout', 60, 'chain', 'rollback', $block - 1);
	is($code, 0, "$n->{name}: rolled back behind its block") or diag($err);
	is(height($n), $block - 1, "$n->{name}: stands below");
}
$one->reconfigure({ network => { connect => ["127.0.0.1:$port"] } });
$one->kill9;
$one->start;
is_tier('Free', qr/counts as Free: the coin that `collateral` names is spent, or not on this chain/, 'its block is gone');

# ---- and comes again

for my $n ($judge, $one) {
	$n->cli('--timeout', 60, 'chain', 'import', $file);
	wait_until(sub { height($n) == 60 }, 30, "$n->{name} has the chain again");
}
is_tier('Bronze', qr/^(?!.*counts as Free)/, 'its block is back');
$_->audit_ok for $judge, $one;
$_->stop for $judge, $one;
done_testing();
