#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/88-wallet.t - paying as an operator does it, with timenode-cli: balance, coins, payments, merging, raw
# transactions, and nonsense at every command; sums to the satoshi
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use File::Copy qw(copy);
use File::Temp qw(tempdir);
use JSON::PP;
use NodeTest qw(free_ports slurp wait_until);
use Peer;

my $build = $ENV{TN_BUILDDIR} // '.';
my $dir   = tempdir(CLEANUP => 1);
my $json  = JSON::PP->new->utf8->canonical->allow_nonref;
my $port  = free_ports();
my $since = 1764547200; # a private network's genesis: its slots of 5 s are long due

sub node ($name, $ip, %more) {
	return NodeTest->new($name, $ip, $port, conf => {
		network => { genesis_time => $since, dial_rule => 'any', connect => $more{connect} // [] },
		store   => { map_size => '1G' },
		plugins => { peers => undef, pingpong => { interval => '30s' }, blocks => {},
			masternodes => {}, transactions => exists $more{transactions} ? $more{transactions} : {} } });
}

# Satoshis of "12.50000000" and back, as whole numbers.
sub sat ($text) { return $text =~ /^(\d+)\.(\d{8})$/ ? $1 * 100_000_000 + $2 : "no amount: $text" }
sub amount ($sat) { return sprintf '%d.%08d', int($sat / 100_000_000), $sat % 100_000_000 }

sub fee_min ($out) { return int($out / 1000) > 1000 ? int($out / 1000) : 1000 }

sub row ($node, @cmd) {
	my $rows = $node->cli_json(@cmd) // [];
	is(scalar @$rows, 1, "@cmd[0..0] answers with one row") or diag(explain($rows));
	return $rows->[0] // {};
}
sub balance ($node) { return row($node, 'getbalance') }

sub is_refused ($node, $cmd, $want, $name, $row = qr/^$/) {
	my ($code, $out, $err) = $node->cli(@$cmd);
	is($code, 1, "$name: refused") or diag($out);
	like($err, $want, "$name: says why");
	like($out, $row, "$name: and nothing else");
}

# ---- a new wallet

my $a = node('a', '127.0.0.1')->start;
my $b = node('b', '127.0.0.2')->start;
my $own = balance($a)->{address};
like($own, qr/^TIME0\w{30,34}$/, 'a new node has an address');
is(balance($a)->{balance}, '0.00000000', 'and nothing');
my $other = balance($b)->{address};
isnt($other, $own, 'another node has another');
is_refused($a, ['sendtoaddress', $other, '1'], qr/insufficient funds for 1\.00000000.*at most 0\.00000000 can be paid/, 'nothing to send');
is_refused($a, ['mergeutxos'], qr/not enough coins to merge: 0 /, 'nothing to merge');
is_deeply($a->cli_json('listunspent'), [], 'no coins');

# ---- funds: the chain pays them, and its coins are counted here beside the node

system("'$build/t/chaingen' --network private --genesis-time $since --blocks 120 --txs 3 --fund $own:16:1000000000 --fund $own:40:100000 --fund $other:3:500000000 >'$dir/chain.jsonl'") == 0
	or BAIL_OUT('chaingen');
my ($code, $out, $err) = $a->cli('--timeout', 60, 'chain', 'import', "$dir/chain.jsonl");
is($code, 0, 'a chain with coins for it') or diag($err);
my ($coins, $sum) = (0, 0);
for (map { $json->decode($_) } split /\n/, slurp("$dir/chain.jsonl")) {
	for (map { @{ $_->{outputs} } } @{ $_->{transactions} }) {
		next if pack('C*', @{ $_->{script_pubkey} }) ne $own;
		$coins++;
		$sum += $_->{value};
	}
}
is($coins, 56, 'all were paid');
my $have = balance($a);
is($have->{balance}, amount($sum), 'the balance is their sum');
is($have->{confirmed}, $have->{balance}, 'all of it confirmed');
is($have->{coins}, $coins, 'in so many coins');
ok($have->{ready} && $have->{height} == 120 && $have->{blocks} == 120, 'the wallet has read the whole chain');
my $list = $a->cli_json('listunspent');
is(scalar @$list, $coins, 'listunspent has them');
my $listed = 0;
$listed += sat($_->{amount}) for @$list;
is($listed, $sum, 'with their amounts');
is(scalar(grep { $_->{address} eq $own && $_->{state} eq 'confirmed' && $_->{spendable} && $_->{confirmations} > 0 } @$list), $coins, 'own, confirmed, spendable');
is(scalar @{ $a->cli_json('listunspent', 1, 9999999) }, $coins, 'by confirmations');
is(scalar @{ $a->cli_json('listunspent', 121) }, 0, 'none is that deep');
$b->stop;
$b->reconfigure({ network => { connect => ["127.0.0.1:$port"] } });
$b->start;
wait_until(sub { balance_quiet($b)->{balance} eq '15.00000000' }, 30, 'the other node catches up and has its own');
sub balance_quiet ($node) { return ($node->rows('getbalance'))[0] // {} }

# ---- a wallet that meets a chain that is there already

$a->stop;
$a->start;
wait_until(sub { balance_quiet($a)->{ready} }, 30, 'after a restart it reads what it has');
is(balance($a)->{balance}, amount($sum), 'and has the same');
my $c = node('c', '127.0.0.3', transactions => undef);
mkdir "$c->{dir}/data", 0700;
copy("$a->{dir}/data/time-wallet.dat", "$c->{dir}/data/time-wallet.dat") or BAIL_OUT("copy: $!");
chmod 0600, "$c->{dir}/data/time-wallet.dat";
$c->start;
$c->cli('--timeout', 60, 'chain', 'import', "$dir/chain.jsonl");
$c->stop;
$c->reconfigure({ plugins => { transactions => {} } });
$c->start;
wait_until(sub { balance_quiet($c)->{ready} }, 30, 'the plugin comes late: the wallet reads the chain');
is(balance($c)->{balance}, amount($sum), 'and finds the same');
ok($c->log_has(qr/Reading the chain for coins of \Q$own\E: height 0 of 120/), 'it says so');
ok($c->log_has(qr/The wallet has read the chain: height 120, $coins coins/), 'and that it is done');
($c->rows('chain', { action => 'rollback', height => 1 }));
my $half = balance($c);
cmp_ok(sat($half->{balance}), '<', $sum, 'a rollback takes coins back');
is($half->{height}, 1, 'to its height');
$c->cli('--timeout', 60, 'chain', 'import', "$dir/chain.jsonl");
is(balance($c)->{balance}, amount($sum), 'and up again all are there');
$c->ask('chain', { action => 'reindex' }, 60);
wait_until(sub { balance_quiet($c)->{ready} }, 30, 'after a reindex');
is(balance($c)->{balance}, amount($sum), 'too');
$c->stop;

# ---- a payment

my $sent = row($a, 'sendtoaddress', $other, '12.34567891');
is($sent->{amount}, '12.34567891', 'exactly what was asked is sent');
is($sent->{state}, 'pending', 'and waits for votes');
my $in = $sent->{inputs};
my $fee = sat($sent->{fee});
cmp_ok($fee, '>=', fee_min(sat($sent->{amount}) + sat($sent->{change})), 'the fee is enough');
cmp_ok($fee, '<=', 546 + fee_min(sat($sent->{amount}) + sat($sent->{change})), 'and no more');
my $after = balance($a);
is(sat($after->{balance}), $sum - sat($sent->{amount}) - $fee, 'the balance is less by amount and fee');
is($after->{change}, $sent->{change}, 'the change is waiting');
my $tx = row($a, 'gettransaction', $sent->{txid});
is($tx->{state}, 'pending', 'gettransaction');
is_deeply([map { "$_->{amount} $_->{to}" } @{ $tx->{vout} }], ["$sent->{amount} $other", "$sent->{change} $own"], 'pays the other and the change');
is(scalar @{ $tx->{vin} }, $in, 'with these inputs');
is_deeply([grep { $_->{from} ne $own } @{ $tx->{vin} }], [], 'all of them own coins');
my $raw = row($a, 'decoderawtransaction', $tx->{hex});
is($raw->{txid}, $sent->{txid}, 'decoderawtransaction knows its txid');
ok($raw->{complete}, 'and that all is signed');
is($raw->{fee}, $sent->{fee}, 'and its fee');
wait_until(sub { balance_quiet($b)->{pending} eq '12.34567891' }, 10, 'the payee sees it coming');
is(balance($b)->{balance}, '15.00000000', 'but has not got it yet');
is((grep { $_->{txid} eq $sent->{txid} } @{ $a->cli_json('getrawmempool') })[0]{fee}, $sent->{fee}, 'getrawmempool');
is(row($a, 'getmempoolinfo')->{size}, 1, 'getmempoolinfo');

# ---- many at the same instant: no coin twice

my @asked = map { $a->put('sendtoaddress', { address => $other, amount => "0.0100000$_" }) } 1 .. 8;
my @answers = map { $a->answer($_) } @asked;
my @ids = map { $_->{rows}[0]{txid} // () } @answers;
is(scalar @ids, 8, 'eight payments at once are sent') or diag(explain(\@answers));
my %used;
$used{"$_->{txid}:$_->{vout}"}++ for map { @{ row($a, 'gettransaction', $_)->{vin} } } @ids;
is_deeply([grep { $used{$_} > 1 } keys %used], [], 'and no two of them spend one coin');
my $spent = 0;
$spent += sat($_->{rows}[0]{amount}) + sat($_->{rows}[0]{fee}) for @answers;
is(sat(balance($a)->{balance}), sat($after->{balance}) - $spent, 'the balance is less by just these');

# ---- merging

my $before = balance($a);
my $m = row($a, 'mergeutxos', 3, 5);
is($m->{merged_count}, 5, 'five coins become one');
is(sat($m->{total_value}), sat($m->{fee}) + sat($m->{final_value}), 'what they are worth is the new one and the fee');
is(sat(balance($a)->{balance}), sat($before->{balance}) - sat($m->{fee}), 'the fee is gone, nothing else');
is_deeply([map { "$_->{amount} $_->{to}" } @{ row($a, 'gettransaction', $m->{txid})->{vout} }], ["$m->{final_value} $own"], 'it is ours');

# ---- raw transactions

my ($coin) = grep { $_->{state} eq 'confirmed' && sat($_->{amount}) == 100_000 } @{ $a->cli_json('listunspent') };
my $at = "$coin->{txid}:$coin->{vout}";
my $give = sat($coin->{amount}) - 20000;
my $made = row($a, 'createrawtransaction', $at, "$other=" . amount(10000) . ",$own=" . amount($give));
is($made->{fee}, amount(10000), 'createrawtransaction says what is left for the fee');
my $json_made = row($a, 'createrawtransaction', qq([{"vout":$coin->{vout},"txid":"$coin->{txid}"}]), qq({"$other":"0.0001"}));
ok(!row($a, 'decoderawtransaction', $json_made->{hex})->{complete}, 'JSON is taken too; it is not signed');
is_refused($a, ['sendrawtransaction', $made->{hex}], qr/not sent: an input is not signed/, 'not signed, not sent');
my $signed = row($a, 'signrawtransaction', $made->{hex});
ok($signed->{complete}, 'signrawtransaction');
my $pushed = row($a, 'sendrawtransaction', $signed->{hex});
is($pushed->{txid}, $signed->{txid}, 'sendrawtransaction');
is_refused($a, ['sendrawtransaction', $signed->{hex}], qr/not sent: this node has it/, 'the same again');
my $again = row($a, 'gettransaction', $signed->{txid});
my $theirs = ($b->cli_json('listunspent') // [])->[0];
$made = row($a, 'createrawtransaction', "$theirs->{txid}:$theirs->{vout}", "$own=4.9");
is_refused($a, ['signrawtransaction', $made->{hex}], qr/none of its inputs is an unspent coin of \Q$own\E/, "another's coin");
my $gift = (grep { $_->{state} eq 'confirmed' && sat($_->{amount}) == 1_000_000_000 } @{ $a->cli_json('listunspent') })[0];
SKIP: {
	skip 'no large coin is left', 5 unless $gift;
	$made = row($a, 'createrawtransaction', "$gift->{txid}:$gift->{vout}", "$other=1");
	$signed = row($a, 'signrawtransaction', $made->{hex});
	is_refused($a, ['sendrawtransaction', $signed->{hex}], qr/its fee would be 9\.00000000; is an output for the change missing/, 'a forgotten change');
}

# ---- nonsense

my $mainnet = 'TIME1AGoJi4BjsKCygD7anZmawQGn9bhoF65jf';
my $zero = '0' x 64;
for (['1e400', 'exponent'], ['0.000000001', 'at most eight decimals'], ['abc', 'digits'], ['', 'digits'],
	['1e2', 'exponent'], ['0', 'dust'], ['0.00000545', 'dust'], ['99999999999999999999', 'not that much'], ['1,5', 'digits'], ['NaN', 'digits'], ['+1', 'no sign'],
	['184467440737.09551615', 'insufficient funds'], ['1000000', 'insufficient funds']) {
	is_refused($a, ['sendtoaddress', $other, $_->[0]], qr/$_->[1]/, "sendtoaddress of \"$_->[0]\"");
}
like($a->ask('sendtoaddress', { address => $other, amount => '-1' })->{error}, qr/no sign/, 'sendtoaddress of -1');
is(($a->cli('sendtoaddress', $other, '-1'))[0], 2, 'which timenode-cli takes for an option');
for ([$mainnet, 'another network'], ['TIME0', 'no address'], ['abc', 'no address'], ['', 'no address'], [substr($other, 0, -1), 'no address'],
	[$other . 'x', 'no address'], [lc $other, 'no address'], ["$other ", 'no address'], ['x' x 3000, 'no address'], ["TIME0\x{c3}\x{a4}", 'no address']) {
	is_refused($a, ['sendtoaddress', $_->[0], '1'], qr/$_->[1]/, 'sendtoaddress to "' . substr($_->[0], 0, 20) . '"');
	ok(!row($a, 'validateaddress', $_->[0])->{isvalid}, 'validateaddress says no');
}
ok(row($a, 'validateaddress', $other)->{isvalid}, 'validateaddress: a good one');
ok(!row($a, 'validateaddress', $other)->{ismine}, 'of somebody else');
ok(row($a, 'validateaddress', $own)->{ismine}, 'and the own one');
is(pack('H*', row($a, 'validateaddress', $own)->{scriptPubKey}), $own, 'whose script is its text');
is_refused($a, ['sendtoaddress', $other, '1', 'never'], qr/"final"/, 'another thing to wait for');
is_refused($a, ['sendtoaddress', $other, '1', 'final', '0'], qr/1 to 3600 seconds/, 'no time to wait');
is_refused($a, ['sendtoaddress', $other, '1', 'final', '99999999999'], qr/1 to 3600 seconds/, 'too much');
for ([$zero, qr/no such transaction/], ['12', qr/64 hex digits/], ['', qr/64 hex digits/], ['g' x 64, qr/64 hex digits/], ['0' x 65, qr/64 hex digits/]) {
	is_refused($a, ['gettransaction', $_->[0]], $_->[1], "gettransaction $_->[0]");
}
my $half_hex = substr $signed->{hex}, 0, 100;
for my $cmd (qw(decoderawtransaction signrawtransaction sendrawtransaction)) {
	is_refused($a, [$cmd, $_->[0]], $_->[1], "$cmd of " . substr($_->[0], 0, 20))
		for (['', qr/hex of its bincode, or JSON/], ['zz', qr/no hex digit at place 1/], ['abc', qr/odd number/], ['00', qr/no transaction in hex/],
			[$half_hex, qr/no transaction in hex/], ["$signed->{hex}00", qr/no transaction in hex/], ['{}', qr/no transaction in JSON/], ['{"version":1', qr/no transaction in JSON/]);
}
for (['x', "$other=1"], ["$zero:0,$zero:0", "$other=1"], ["$zero:-1", "$other=1"], ["$zero:99999999999", "$other=1"], ['[{"txid":"12","vout":0}]', "$other=1"], ['[]', "$other=1"], ["$zero:0", $other], ["$zero:0", '{}'], ["$zero:0", "$other=1e400"], ["$zero:0", "$mainnet=1"]) {
	my ($code, $out, $err) = $a->cli('createrawtransaction', @$_);
	is($code, 1, "createrawtransaction @$_") or diag($out);
}
is_refused($a, ['createrawtransaction', "$zero:0", "$other=1"], qr/1 of 1 inputs are no coins/, 'createrawtransaction of nothing');
is_refused($a, ['createrawtransaction', "$gift->{txid}:$gift->{vout}", "$other=10"], qr/inputs are worth 10\.0+, the outputs 10\.0+ and the fee at least/, 'createrawtransaction without a fee') if $gift;
is_refused($a, ['mergeutxos', @$_], qr/at least 2 coins are merged, at most 200/, "mergeutxos @$_") for ([0], [1], [5, 4], [2, 201], [300]);
is_refused($a, ['mergeutxos', 150], qr/not enough coins to merge/, 'more than there are');
is(($a->cli('getrawmempool', 99999999))[0], 1, 'getrawmempool of too many');
is(scalar @{ $a->cli_json('getrawmempool', 2) }, 2, 'getrawmempool of two');
is(($a->cli(split ' '))[0], 1, $_) for 'mergeutxos two', 'listunspent x', 'listunspent 1.5';
is(($a->cli(split ' '))[0], 2, "$_: usage") for 'sendtoaddress', 'sendtoaddress x', 'gettransaction', 'createrawtransaction x', 'validateaddress', 'getbalance x', 'getrawmempool -1';
is_refused($a, ['sendtoaddress', $other, '0.001', 'final', 1], qr/^timenode-cli: [0-9a-f]{64}: sent, and not final yet/m, 'without voters nothing is final', qr/pending/);

# ---- finality: one voter

my $key = row($a, 'masternodestatus')->{key};
for ([$a, \1], [$b, \0]) {
	my ($node, $is) = @$_;
	$node->stop;
	$node->reconfigure({ plugins => { masternodes => { masternode => $is, voters => ["127.0.0.1=$key"], ($$is ? (address => '127.0.0.1') : ()) } } });
	$node->start;
	wait_until(sub { balance_quiet($node)->{ready} }, 30, 'and the wallet is ready');
}
wait_until(sub { balance_quiet($a)->{final} ne '0.00000000' }, 30, 'what was pending becomes final when there is a voter');
my $paid = row($a, 'sendtoaddress', $other, '0.5', 'final');
is($paid->{state}, 'final', 'sendtoaddress waits until it is final');
$tx = row($a, 'gettransaction', $paid->{txid});
is_deeply([@$tx{qw(state votes quorum voters)}, map { "$_->{voter} $_->{approve}" } @{ $tx->{voted} }], ['final', 1, 1, 1, '127.0.0.1 1'], 'gettransaction names who voted');
ok($tx->{final_at} >= $tx->{since}, 'and when it was final');
wait_until(sub { my $t = $b->ask('gettransaction', { txid => $paid->{txid} }); (($t->{rows}[0] // {})->{state} // '') eq 'final' }, 10, 'the payee knows it');
wait_until(sub { sat(balance_quiet($b)->{final}) >= 50_000_000 }, 10, 'and may spend it');

# ---- somebody who subscribes hears of a payment, step by step

my $ear = Peer->dial("127.0.0.2:$port", from => '127.0.0.9');
$ear->handshake;
$ear->send_json({ Subscribe => { id => 'mine', addresses => [$own], outpoints => [] } });
$ear->ping; # it is taken when the pong comes
my $back = row($b, 'sendtoaddress', $own, '15.2', 'final', 20);
my $new = $ear->expect('UTXOStateNotification', 10, pong => 1);
is_deeply([unpack('H*', pack 'C*', @{ $new->{outpoint}{txid} }), $new->{outpoint}{vout}, $new->{new_state}], [$back->{txid}, 0, 'Unspent'],
	'a subscriber to the address hears that it is paid');
$ear->send_json({ UTXOStateQuery => [$new->{outpoint}, { txid => [(7) x 32], vout => 1 }] });
is_deeply($ear->expect('UTXOStateResponse', 10, pong => 1), [[$new->{outpoint}, 'Unspent']], 'and may ask for its state');
$ear->send_json({ Unsubscribe => 'mine' });
$ear->ping;

is($back->{state}, 'final', 'which it does at once');
my $merged = row($a, 'mergeutxos', 2, 3, 'final');
is($merged->{state}, 'final', 'mergeutxos waits too');

$_->audit_ok, $_->stop for $a, $b;
done_testing();
