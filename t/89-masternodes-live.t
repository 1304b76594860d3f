#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/89-masternodes-live.t - an operator and two masternodes: what a reload of each live option
# and an upgrade do, and what nonsense in the configuration is told
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use NodeTest qw(free_ports slow slurp stage wait_until);

my $port = free_ports();
my $slow = slow(1);

sub ms ($n) { return int($n * $slow) . 'ms' }
stage();

my ($one, $two) = map {
	NodeTest->new("live$_", "127.0.0.$_", $port, conf => {
		network => { dial_rule => 'any', connect => ['127.0.0.' . (3 - $_) . ":$port"] },
		plugins => { peers => undef, pingpong => { interval => '30s' }, masternodes => {
			masternode => \1, announce_first => ms(100), announce_every => ms(500), change_every => '0ms',
			silence => ms(2000), check_every => ms(200), heartbeat_every => '10m' } } });
} 1, 2;

sub row ($n, $of) { return (grep { $_->{address} eq $of->{ip} } $n->rows('masternodelist'))[0] // {} }
sub status ($n) { return ($n->rows('masternodestatus'))[0] // {} }

# A reload that is taken: what was configured before stays but for these.
sub reload ($n, %mn) {
	my $mark = $n->mark;
	$n->reconfigure({ plugins => { masternodes => \%mn } });
	$n->cli('reload');
	ok($n->wait_log(qr/configuration reloaded/, 10, since => $mark), "$n->{name}: reloaded: " . join ' ', sort keys %mn);
	return $mark;
}

$_->start for $one, $two;
for ([$one, $two], [$two, $one]) {
	my ($n, $of) = @$_;
	wait_until(sub { (row($n, $of)->{state} // '') eq 'active' }, 20, "$n->{name} sees $of->{ip}");
}

# ---- voters

my $key = status($one)->{key};
reload($two, voters => ["$one->{ip}=$key"]);
ok(row($two, $one)->{voter} && status($two)->{voters} == 1, 'a voter is named: its key is pinned');
$two->reconfigure({ plugins => { masternodes => { voters => ["$one->{ip}=12"] } } });
my $mark = $two->mark;
$two->cli('reload');
ok($two->wait_log(qr/voters: the key of 127\.0\.0\.1 is not 64 hexadecimal digits/, 10, since => $mark), 'a wrong one is told');
ok(row($two, $one)->{voter} && status($two)->{voters} == 1, 'and changes nothing');
my $other = status($two)->{key};
reload($two, voters => ["$one->{ip}=$other"]);
wait_until(sub { ($two->account('in')->{MasternodeAnnouncement}{refused}{'masternodes.key'} // 0) > 0 }, 20,
	'with another key its own announcement is refused');
is(row($two, $one)->{state}, 'heard', 'and what it had said is gone');
reload($two, voters => []);
wait_until(sub { row($two, $one)->{state} eq 'active' && row($two, $one)->{key} eq $key }, 20, 'unnamed, it is what it was');

# ---- tier and trust

reload($one, tier => 'Gold', collateral => ('ab' x 32) . ':0');
wait_until(sub { row($two, $one)->{announced} eq 'Gold' }, 20, 'another tier is heard of');
is(row($two, $one)->{tier}, 'Free', 'and counts as Free');
like(status($one)->{reason}, qr/counts as Free: the plugin blocks, which has the coins, is not loaded/, 'the reason');
reload($two, trust_announced_tier => \1);
is(row($two, $one)->{tier}, 'Gold', 'believed, by a reload');

# ---- none any more, and again

reload($one, masternode => \0);
like(status($one)->{reason}, qr/masternode = false/, 'masternodestatus says why it is none');
wait_until(sub { row($two, $one)->{state} eq 'inactive' }, 20, 'it is silent elsewhere');
$mark = reload($one, masternode => \1);
wait_until(sub { row($two, $one)->{state} eq 'active' }, 20, 'and active again');

# ---- heartbeats

is(($one->rows('getattestationstats'))[0]{heartbeats_sent}, 0, 'the next heartbeat is minutes away');
reload($_, heartbeat_every => '1s') for $one, $two;
sub history { return $two->rows('getheartbeathistory', { address => $one->{ip}, limit => 1000 }) }
wait_until(sub { history() >= 2 }, 30, 'until a reload makes it a second');

my @newest = history();
ok(!(grep { $newest[$_]{sequence} <= $newest[ $_ + 1 ]{sequence} } 0 .. $#newest - 1), 'the newest comes first');
like($newest[0]{hash}, qr/^[0-9a-f]{64}$/, 'with its hash in hexadecimal');
my $stats = ($two->rows('getattestationstats'))[0];
is($stats->{pending_heartbeats}, $stats->{total_heartbeats} - $stats->{verified_heartbeats}, 'counted: those not verified are pending');
for (['getheartbeathistory', 'my.host', qr/getheartbeathistory "my\.host": no IPv4 address/],
	['getheartbeathistory', $one->{ip}, 'many', qr/getheartbeathistory \{.*"limit":"many"\}: not an integer/], ['masternodelist', 'dead', qr/"dead": all, active, inactive or heard/],
	['backupwallet', 'here', qr/needs a path from the root/], ['backupwallet', '/', qr/is there already/]) {
	my ($why, @cmd) = reverse @$_;
	my ($code, undef, $err) = $two->cli(reverse @cmd);
	ok($code == 1 && $err =~ $why, "nonsense is told: @{[reverse @cmd]}") or diag($err);
}

# ---- an upgrade

my $before = ($two->rows('getheartbeathistory', { address => $one->{ip}, limit => 1 }))[0];
my ($code, $out, $err) = $two->cli('plugin', 'upgrade', 'masternodes');
is($code, 0, 'plugin upgrade masternodes') or diag($out . $err);
ok((grep { $_->{sequence} == $before->{sequence} } history()), 'what was heard is remembered');
wait_until(sub { row($two, $one)->{state} eq 'active' }, 20, 'who is active is'); # the store keeps whole seconds
my $newest = sub { (history())[0]{sequence} };
my $then = $newest->();
wait_until(sub { $newest->() > $then }, 30, 'and the next heartbeat is heard');

$_->audit_ok for $one, $two;
$_->stop for $one, $two;

# ---- nonsense

my @bad = (
	['an address that is none', qr/address: "my\.host" is no IPv4 address/, { address => 'my.host' }],
	['an address with a port', qr/address: "1\.2\.3\.4:1" is no IPv4 address/, { address => '1.2.3.4:1' }],
	['a collateral that is none', qr/collateral: "abc" is not TXID:NUMBER with 64/, { tier => 'Gold', collateral => 'abc' }],
	['a collateral of Free', qr/collateral: the tier Free has none/, { collateral => ('ab' x 32) . ':0' }],
	['a reward that is none', qr/reward: "TIME0x" is no payment address/, { reward => 'TIME0x' }],
	['a voter that comes twice', qr/voters: 127\.0\.0\.1 comes twice/, { voters => ["127.0.0.1=$key", "127.0.0.1=$other"] }],
	['two voters of one key', qr/voters: 127\.0\.0\.1 and 127\.0\.0\.2 have the same key/, { voters => ["127.0.0.1=$key", "127.0.0.2=$key"] }]);
for (@bad) {
	my ($what, $why, $conf) = @$_;
	my $n = NodeTest->new('bad', '127.0.0.5', $port, conf => { plugins => { masternodes => { masternode => \1, %$conf } } });
	$n->spawn;
	my $end = $n->ended(10);
	ok($end && slurp($n->{log}) =~ $why, "$what refuses the start") or $n->show;
	$n->forget;
}
done_testing;
