#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/86-blocks-kill.t - kill -9 in the middle of connecting, changing branch and catching up
#
# A scripted peer announces blocks, or serves them while the node catches up, of two branches
# in turn; another one hears what the node announces. The node is killed at a random instant,
# or aimed: once it says that it changes over. After each start its tip is a block that was
# made, the chain verifies, and it is not worse than the best block that was announced.
# KILLS=200 for the long form.
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use ChainPeer;
use File::Temp qw(tempdir);
use List::Util qw(min);
use NodeTest qw(free_ports wait_until);
use Time::HiRes qw(time sleep);

my $build = $ENV{TN_BUILDDIR} // '.';
my $dir   = tempdir(CLEANUP => 1);
my $port  = free_ports();
my $since = 1764547200; # a private network's genesis: its slots of 5 s are long due
my $kills = $ENV{KILLS} || 9;
my $more  = 40; # lives at most until some died in each way
my ($reach, $epoch_kills, $txs) = (45, 10, 30);
my $length = 40 + $reach * (2 + int(($kills + $more) / $epoch_kills) * 2);
srand($ENV{SEED} // 1);

sub generate ($file, @args) {
	system("'$build/t/chaingen' --network private --genesis-time $since --txs $txs @args >'$dir/$file'") == 0
		or BAIL_OUT("chaingen @args");
	return "$dir/$file";
}

# ---- the branches: A is the seed's, B leaves it at $fork; which block is which, by hash

my $a_chain = Chain->load(generate('a.jsonl', "--blocks $length"));
my ($b_chain, $b_file, $fork, %place) = (undef, undef, 0);

sub learn ($name, $chain, $from, $to) {
	$place{ Chain::hash_of($chain->line($_)) } = [$name, $_] for $from .. $to;
	return;
}
learn('A', $a_chain, 1, $length);

sub new_fork ($at) {
	delete $place{$_} for grep { $place{$_}[0] eq 'B' } keys %place;
	my $top = min($at + $reach, $length);
	$b_file  = generate("b$at.jsonl", "--blocks $top --fork-at $at --branch $at");
	$b_chain = Chain->load($b_file);
	$fork    = $at;
	learn('B', $b_chain, $at + 1, $top);
	return;
}

# ---- the node between its peers

my $peer = ChainPeer->start('127.0.0.7', $port, id => 1007, chain => $a_chain, top => 0);
my $ear  = ChainPeer->start('127.0.0.8', $port, id => 1008, chain => $a_chain, top => 0);
my $node = NodeTest->new('node', '127.0.0.1', $port, conf => {
	network => { genesis_time => $since, dial_rule => 'any', connect => ["127.0.0.7:$port", "127.0.0.8:$port"] },
	store   => { map_size => '2G' },
	plugins => { peers => undef, pingpong => { interval => '30s' }, blocks => {} } });

# A machine without time for us makes the plugin hold the loop, and puts it away for a while.
sub ask ($n, $cmd, $args = {}, $seconds = 60) {
	my $end = time + NodeTest::slow($seconds);
	my $answer;
	do {
		$answer = $n->ask($cmd, $args, $seconds);
	} while (($answer->{error} // '') =~ /plugin has stopped|unknown command/ && time < $end && sleep 1);
	diag("$cmd: $answer->{error}") if defined $answer->{error};
	return $answer;
}
sub tip () { return ask($node, 'getblockchaininfo')->{rows}[0] }
sub serve ($name, $top) {
	$peer->order('chain', $name eq 'B' ? ($b_file, $fork) : ('-', 0));
	$peer->order('serve', $top);
	return;
}

# What the ear heard until its connection ended; the best of it.
my ($best, $heard) = ([0, ''], 0);
sub better ($h, $hash, $than) { return $h > $than->[0] || ($h == $than->[0] && ($than->[1] eq '' || $hash lt $than->[1])) }
sub listen_to_the_end () {
	while (my ($what, @is) = $ear->event(NodeTest::slow(10))) {
		if ($what eq 'heard') {
			$heard++;
			$best = [@is] if better(@is, $best);
		}
		return if $what eq 'end';
	}
	fail('the ear hears the end of the connection');
	return;
}
sub wait_for ($who, $word) {
	while (my ($what) = $who->event(NodeTest::slow(10))) { return 1 if $what eq $word }
	fail("a peer is told: $word");
	return;
}

# The peer takes the node on, or lets it wait.
sub open_door () {
	$peer->order('hold', 0);
	return wait_for($peer, 'up');
}
sub shut_door () {
	$peer->order('hold', 1);
	return wait_for($peer, 'hold');
}
sub kill_it ($clean = 0) {
	$clean ? $node->stop : $node->kill9;
	listen_to_the_end();
	return wait_for($peer, 'end');
}

# ---- one life: begun, told of blocks, killed

my (%in, @bad, @lost, $reorg_s);
my ($branch, $height) = ('A', 0); # where the node stands

sub begin_life () {
	shut_door();
	$node->start;
	my $tip = tip();
	my $is = $tip->{blocks} == 0 ? ['A', 0] : $place{ $tip->{bestblockhash} };
	push @bad, "tip $tip->{blocks} $tip->{bestblockhash} is no block of ours" if !$is || $is->[1] != $tip->{blocks};
	push @lost, "announced $best->[0], came back with $tip->{blocks}"
		if $heard && better(@$best, [$tip->{blocks}, $tip->{bestblockhash}]);
	my $v = ask($node, 'chain', { action => 'verify', quick => JSON::PP::true });
	push @bad, "verify: $v->{error}" if defined $v->{error};
	return ($is ? $is->[0] : 'A', $tip->{blocks});
}

# Waits until it changes over, or not; then a moment of the time that it takes.
sub aim ($end) {
	my $said = qr/ Reorganisation: from height /;
	while (time < $end && !$node->log_has($said)) { sleep 0.0005 }
	sleep rand 0.1 if $node->log_has($said);
	return;
}

sub end_life ($phase, $want) {
	my $log = $node->log_text;
	kill_it();
	return { phase => $phase, log => $log, want => $want };
}

# What it was doing when it died: told by its log and by where it came back.
sub judge ($life) {
	my ($name, $top) = @{ $life->{want} };
	my $there = $branch eq $name && $height == $top;
	my $phase = $life->{log} =~ /Reorganisation: from height/ && !($branch eq $name && $height > $fork) ? 'reorganisation'
		: $there ? 'done'
		: $life->{phase} eq 'catching up' && $life->{log} !~ /Synchronis/ ? 'before' : $life->{phase};
	$in{$phase}++;
	return;
}

# Peers announce in order. What can be asked for too comes twice, the asking wins most often, and
# is told to others a second later, when the node is dead: so most lives have announcements alone.
sub announced ($name, $top) {
	my $from = $name eq $branch ? $height + 1 : $fork + 1;
	serve($branch, $height);
	open_door();
	serve($name, $top) if rand() < 0.3;
	$peer->order('announce', $from, $top);
	wait_for($peer, 'sent');
	if ($name ne $branch && rand() < 0.8) { aim(time + 3) }
	else { sleep rand 0.015 * ($top - $from + 2) }
	return end_life('connection', [$name, $top]);
}

sub caught_up ($name, $top) {
	serve($name, $top);
	open_door();
	if ($name ne $branch && rand() < 0.8) { aim(time + 3) }
	else { sleep rand 0.012 * ($top - $height + 4) }
	return end_life('catching up', [$name, $top]);
}

sub one_life () {
	my $other = $branch eq 'A' ? 'B' : 'A';
	my $way = int rand 2; # 0: more of the same; 1: the other branch
	my $name = $way && $height > $fork ? $other : $branch;
	my $top = min($height + 1 + int rand($name eq $branch ? 12 : 3), $fork + $reach);
	return rand() < 0.6 ? announced($name, $top) : caught_up($name, $top);
}

# All of A without a kill, further than B, and on the disk; the next fork is there.
sub settle () {
	my $top = min($fork + $reach + 1, $length);
	serve('A', $top);
	open_door();
	wait_until(sub { tip()->{bestblockhash} eq Chain::hash_of($a_chain->line($top)) }, 90, 'the node comes to branch A')
		or $node->show;
	kill_it(1);
	($branch, $height) = begin_life();
	new_fork($height);
	return;
}

($branch, $height) = begin_life();
serve('A', 20);
open_door();
wait_until(sub { tip()->{blocks} == 20 }, 30, 'the node begins');
($branch, $height) = ('A', 20);
new_fork(20);
kill_it();
begin_life();
my $i = 0;
while ($i++ < $kills || ($i < $kills + $more && !($in{reorganisation} && $in{connection} && $heard))) {
	my $life = one_life();
	($branch, $height) = begin_life();
	judge($life);
	settle() if $height >= $fork + $reach - 4 || $i % $epoch_kills == 0;
}
settle();
diag(($i - 1) . ' kills: ' . join(', ', map { "$in{$_} $_" } sort keys %in) . "; $heard blocks announced");
is_deeply(\@bad, [], 'each start stands at a block boundary and verifies');
is_deeply(\@lost, [], 'no block that was announced is missing');
ok($heard > 0, 'and some were');
ok(($in{reorganisation} // 0) > 0, 'some died while it changed its branch');
ok(($in{connection} // 0) > 0, 'some while it connected what was announced');

# ---- in the end: the coins of a node that saw only the winning branch

my $whole = ask($node, 'chain', { action => 'verify' }, 300);
is($whole->{error}, undef, 'the whole chain verifies');
my $file = generate('a.bin', "--blocks $height --format bincode");
my $other = NodeTest->new('other', '127.0.0.3', $port, conf => {
	network => { genesis_time => $since }, store => { map_size => '2G' },
	plugins => { peers => undef, blocks => {} } })->start;
is(ask($other, 'chain', { action => 'import', file => $file }, 300)->{error}, undef, 'another node imports that branch alone');
$other->kill9;
$other->start;
is(ask($node, 'gettxoutsetinfo')->{rows}[0]{hash}, ask($other, 'gettxoutsetinfo')->{rows}[0]{hash}, 'and has the same coins, though it was killed as soon as it had answered');
$_->audit_ok, $_->stop for $node, $other;
$_->stop for $peer, $ear;
done_testing();
