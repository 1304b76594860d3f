#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/84-blocks.t - the chain in real processes: import, every answer to the byte, catching up,
# gossip, kill -9 (KILLS=N), export
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use JSON::PP;
use NodeTest qw(free_ports run_cmd slurp stage wait_until write_file);
use Peer;
use Time::HiRes qw(time);

my $build = $ENV{TN_BUILDDIR} // '.';
my $dir   = tempdir(CLEANUP => 1);
my $json  = JSON::PP->new->utf8->canonical->allow_nonref;
my $port  = free_ports();
my $since = 1764547200; # a private network's genesis: its slots of 5 s are long due

sub generate ($file, @args) {
	system("'$build/t/chaingen' --network private --genesis-time $since --txs 5 @args >'$file'") == 0
		or BAIL_OUT("chaingen @args");
	return $file;
}

sub node ($name, $ip, %plugin) {
	my $connect = delete $plugin{connect} // [];
	return NodeTest->new($name, $ip, $port, conf => {
		network => { genesis_time => $since, dial_rule => 'any', connect => [map { "$_:$port" } @$connect] },
		store   => { map_size => '1G' },
		plugins => { peers => undef, pingpong => { interval => '30s' }, blocks => {%plugin} } });
}

sub height ($node) { return (($node->rows('getblockcount'))[0] // {})->{height} // -1 }
sub coins ($node)  { return ($node->rows('gettxoutsetinfo'))[0] }
sub tip ($node)    { return (($node->rows('getbestblockhash'))[0] // {})->{hash} }

my $blocks = generate("$dir/blocks.jsonl", '--blocks 300 --genesis');
my @block  = map { $json->decode($_) } split /\n/, slurp($blocks); # by height
my @line   = split /\n/, slurp($blocks);
generate("$dir/blocks.bin", '--blocks 300 --format bincode');

# ---- import, and what the operator sees

my $a = node('a', '127.0.0.1')->start;
is(height($a), 0, 'a new node stands at genesis');
my ($code, $out, $err) = $a->cli('--timeout', 60, 'chain', 'import', "$dir/blocks.bin");
is($code, 0, 'chain import takes bincode') or diag($err);
is(height($a), 300, 'all of it');
my $info = ($a->rows('getblockchaininfo'))[0];
is($info->{blocks}, 300, 'getblockchaininfo');
is($info->{bestblockhash}, tip($a), 'with the tip');
my $b7 = ($a->rows('getblock', { height => 7 }))[0];
is($b7->{merkleroot}, unpack('H*', pack 'C*', @{ $block[7]{header}{merkle_root} }), 'getblock by height');
is($b7->{nTx}, scalar @{ $block[7]{transactions} }, 'and its transactions');
is($b7->{nextblockhash}, ($a->rows('getblockhash', { height => 8 }))[0]{hash}, 'linked forwards');
is(($a->rows('getblock', { hash => $b7->{hash} }))[0]{height}, 7, 'and by its hash, which is the real one');
is(($a->rows('getblockheader', { height => 8 }))[0]{previousblockhash}, $b7->{hash}, 'linked backwards');
is(scalar @{ ($a->cli_json('getblock', 7) // [{}])->[0]{tx} // [] }, $b7->{nTx}, 'timenode-cli getblock 7');
like($a->ask('getblock', { height => 301 })->{error}, qr/^Block not found: height 301/, 'none above the tip');
my $raw = ($a->rows('getrawtransaction', { txid => $b7->{tx}[1] }))[0];
is($raw->{height}, 7, 'getrawtransaction knows where it stands');
is($raw->{index}, 1, 'and at which place');
my $coinbase = ($a->rows('getblock', { height => 300 }))[0]{tx}[0];
is(($a->rows('gettxout', { txid => $coinbase, n => 0 }))[0]{value},
	$block[300]{transactions}[0]{outputs}[0]{value}, 'gettxout: an output of the last coinbase');
like($a->ask('gettxout', { txid => 'ab' x 32, n => 0 })->{error}, qr/no such coin/, 'none that never was');
is(($a->rows('chain', { action => 'verify' }))[0]{height}, 300, 'chain verify');

# ---- every answer, asked by a scripted peer

my $p = Peer->dial("127.0.0.1:$port", from => '127.0.0.9');
$p->handshake;
sub asked ($message, $answer) {
	$p->send_line($message);
	return $p->expect($answer, 10, pong => 1);
}
is(asked('"GetBlockHeight"', 'BlockHeightResponse'), 300, 'GetBlockHeight');
is_deeply(asked('"GetGenesisHash"', 'GenesisHashResponse'), $block[1]{header}{previous_hash}, 'GetGenesisHash');
is_deeply(asked('{"GetBlockHash":7}', 'BlockHashResponse'), { height => 7, hash => $block[8]{header}{previous_hash} }, 'GetBlockHash');
is_deeply(asked('{"GetBlockHash":18446744073709551615}', 'BlockHashResponse'), { height => '18446744073709551615', hash => undef }, 'no block there: null');
is_deeply(asked('{"BlockRequest":5}', 'BlockResponse'), $block[5], 'BlockRequest');
is_deeply(asked('{"GetBlocks":[3,5]}', 'BlocksResponse'), [@block[3 .. 5]], 'GetBlocks');
is_deeply([map { $_->{header}{height} } @{ asked('{"GetBlocks":[100,18446744073709551615]}', 'BlocksResponse') }], [100 .. 200], 'at most 101');
is_deeply([map { $_->{header}{height} } @{ asked('{"GetBlocks":[299,400]}', 'BlocksResponse') }], [299, 300], 'up to the tip');
is_deeply(asked('{"GetBlocks":[18446744073709551615,18446744073709551615]}', 'BlocksResponse'), [], 'none where there is none');
is_deeply(asked('{"GetBlocks":[9,8]}', 'BlocksResponse'), [], 'none backwards');
is(scalar @{ asked('{"GetBlockRange":{"start_height":0,"end_height":18446744073709551615}}', 'BlockRangeResponse') }, 101, 'GetBlockRange has the same limit');
my %query = (height => 7, block_hash => $block[8]{header}{previous_hash});
is_deeply(asked($json->encode({ ConsensusQuery => \%query }), 'ConsensusQueryResponse'),
	{ agrees => JSON::PP::true, height => 7, their_hash => $query{block_hash} }, 'ConsensusQuery: agrees');
$query{block_hash} = [(1) x 32];
is_deeply(asked($json->encode({ ConsensusQuery => \%query }), 'ConsensusQueryResponse'),
	{ agrees => JSON::PP::false, height => 7, their_hash => $block[8]{header}{previous_hash} }, 'does not');
$query{height} = 999;
is_deeply(asked($json->encode({ ConsensusQuery => \%query }), 'ConsensusQueryResponse'),
	{ agrees => JSON::PP::false, height => 999, their_hash => [(0) x 32] }, 'and has no such block');
my $hash = asked('"GetUTXOStateHash"', 'UTXOStateHashResponse');
my $set  = coins($a);
is(unpack('H*', pack 'C*', @{ $hash->{hash} }), $set->{hash}, 'GetUTXOStateHash is what gettxoutsetinfo says');
is($hash->{utxo_count}, $set->{txouts}, 'with the number of coins');
my $all = asked('"GetUTXOSet"', 'UTXOSetResponse');
is(scalar @$all, $set->{txouts}, 'GetUTXOSet has every coin');
my $sum = 0;
$sum += $_->{value} for @$all;
is($sum, $set->{total_amount}, 'and all they are worth');
$p->close;

# ---- another node catches up

my $b = node('b', '127.0.0.2', connect => ['127.0.0.1'])->start;
wait_until(sub { height($b) == 300 }, 60, 'a second node has all blocks');
is(tip($b), tip($a), 'the same tip');
is(coins($b)->{hash}, $set->{hash}, 'and the same coins');
ok($b->log_has(qr/Synchronising from height 0 to 300/), 'it said so at the beginning');
ok($b->log_has(qr/Synchronised: height 300/), 'and at the end');

# ---- an announced block: judged, then passed on, not back; the second node is recorded

my $mark = $b->mark;
is(($b->cli('record', 'start', "$dir/b.rec"))[0], 0, 'a recording begins');
$b->wait_log(qr/ record Recording to /, 10, since => $mark);
my $next = generate("$dir/next.jsonl", '--blocks 302');
my @next = (undef, split /\n/, slurp($next));
my ($from, $to) = map { my $x = Peer->dial("127.0.0.1:$port", from => "127.0.0.$_"); $x->handshake; $x } 8, 9;
my $bad = $json->decode($next[301]);
$bad->{header}{block_reward}++;
$from->send_json({ BlockAnnouncement => $bad });
wait_until(sub { $a->log_has(qr/Refused block 301: /) }, 10, 'a bad block 301 is refused');
is(height($a), 300, 'and does not connect');
$from->send_line(qq({"BlockAnnouncement":$next[301]}));
is_deeply($to->expect('BlockAnnouncement', 10, pong => 1), $json->decode($next[301]), 'the true one goes to others');
is(height($a), 301, 'after it has connected');
wait_until(sub { height($b) == 301 }, 10, 'the second node has it too');
$from->send_line(qq({"BlockAnnouncement":$next[301]})); # again: a duplicate
$from->ping;
ok(!grep({ $_->[0] eq 'BlockAnnouncement' } @{ $from->{skipped} }), 'it is not sent back');
is_deeply([grep { $_->[0] eq 'BlockAnnouncement' } @{ $to->{skipped} }], [], 'nor twice');
$_->close for $from, $to;
is(($b->cli('record', 'stop'))[0], 0, 'the recording ends');
($code, $out, $err) = run_cmd([split(' ', $ENV{TN_WRAP} // ''), stage()->{bindir} . '/timenode-replay', "$dir/b.rec"],
	env => { LD_LIBRARY_PATH => stage()->{libdir} }, deadline => 120);
is($code, 0, 'and runs again the same, chain and all') or diag($out . $err);

# ---- export, and a third node from the file

($code, $out, $err) = $b->cli('chain', 'export', "$dir/export.jsonl");
is($code, 0, 'chain export') or diag($err);
is(slurp("$dir/export.jsonl"), join("\n", @line[1 .. 300], $next[301]) . "\n", 'writes what was generated');
($code, $out, $err) = $b->cli('chain', 'export', "$dir/export.jsonl");
is($code, 1, 'it writes over nothing');
like($err, qr/there is something of that name/, 'and says so');
my $c = node('c', '127.0.0.3')->start;
($code, $out, $err) = $c->cli('chain', 'import', "$dir/export.jsonl");
is($code, 0, 'a third node imports JSON lines') or diag($err);
is(coins($c)->{hash}, coins($b)->{hash}, 'and has the same coins');
$c->ask('chain', { action => 'rollback', height => 300 }, 60);
is(($c->cli('chain', 'export', "$dir/export.bin"))[0], 0, 'chain export as bincode');
ok(slurp("$dir/export.bin") eq slurp("$dir/blocks.bin"), 'writes what was generated, too');
write_file("$dir/short.bin", substr slurp("$dir/blocks.bin"), 0, 5000);
like($c->ask('chain', { action => 'import', file => "$dir/short.bin" })->{error}, qr/ends within a block/, 'a file that was cut is told');
like($c->ask('chain', { action => 'import', file => "$dir/none" })->{error}, qr/No such file/, 'and one that is not there');
is(($c->rows('chain', { action => 'rollback', height => 100 }))[0]{height}, 100, 'rollback');
$c->kill9;
$c->start;
is(height($c), 100, 'survives kill -9');
$c->ask('chain', { action => 'import', file => "$dir/export.jsonl" }, 60);
is(coins($c)->{hash}, coins($b)->{hash}, 'and up again: the same coins');

# ---- kill -9 at random moments of catching up

my $d = node('d', '127.0.0.4', connect => ['127.0.0.1', '127.0.0.2']);
my ($clean, $kills) = (0, $ENV{KILLS} || 6);
for my $i (1 .. $kills) {
	$d->start;
	select undef, undef, undef, 0.02 + rand 0.3;
	$clean++ if !defined $d->ask('chain', { action => 'verify', quick => JSON::PP::true }, 30)->{error};
	$d->kill9;
}
is($clean, $kills, 'after each kill the chain verifies');
$d->start;
wait_until(sub { height($d) == 301 }, 60, 'in the end it has all blocks');
is(coins($d)->{hash}, coins($b)->{hash}, 'and the same coins');

# ---- another network's chain

$d->stop;
$d->reconfigure({ network => { genesis_time => $since - 5 } });
$d->spawn;
wait_until(sub { !$d->alive }, 10, 'a node with another genesis block does not start on this store');
ok($d->log_has(qr/the store holds a chain with genesis/), 'and says why');
$d->reconfigure({ network => { genesis_time => $since } });
$d->start;
is(height($d), 301, 'nothing was overwritten');

my $e = node('e', '127.0.0.5', connect => ['127.0.0.1']);
$e->reconfigure({ network => { genesis_time => $since - 5 } });
$e->start;
$e->wait_log(qr/refused by the peer: another genesis/);
$a->wait_log(qr/Refusing 127\.0\.0\.5:\d+: another genesis/);
pass('a peer with another genesis block is refused at the handshake, with the reason at both ends');
my $silent = Peer->dial("127.0.0.1:$port", from => '127.0.0.10');
$silent->handshake;
is($silent->expect('GetBlockHash', 10, pong => 1), 0, 'one that tells none is asked');
$silent->send_json({ BlockHashResponse => { height => 0, hash => [(9) x 32] } });
$silent->ended;
$a->wait_log(qr/Connection closed with 127\.0\.0\.10:\d+: another genesis block/);
pass('and closed, with the reason');
for ($a, $b, $c, $d, $e) { $_->audit_ok; $_->stop }
done_testing();
