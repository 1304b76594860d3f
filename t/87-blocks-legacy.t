#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/87-blocks-legacy.t - a chain that old nodes made: kept with legacy_chain, by nobody without it
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use NodeTest qw(free_ports wait_until);

my $build = $ENV{TN_BUILDDIR} // '.';
my $dir   = tempdir(CLEANUP => 1);
my $port  = free_ports();
my $since = 1764547200;

sub generate ($file, @args) {
	system("'$build/t/chaingen' --network private --genesis-time $since --txs 4 @args >'$dir/$file'") == 0
		or BAIL_OUT("chaingen @args");
	return "$dir/$file";
}

sub node ($name, $ip, $legacy, @connect) {
	return NodeTest->new($name, $ip, $port, conf => {
		network => { genesis_time => $since, dial_rule => 'any', connect => [map { "$_:$port" } @connect] },
		store   => { map_size => '1G' },
		plugins => { peers => undef, blocks => { legacy_chain => \$legacy } } });
}

sub height ($node) { return (($node->rows('getblockcount'))[0] // {})->{height} // -1 }
sub coins ($node)  { return (($node->rows('gettxoutsetinfo'))[0] // {})->{hash} }
sub import_of ($node, $file) { return $node->ask('chain', { action => 'import', file => $file }, 60) }

my $old = generate('old.jsonl', '--old --blocks 40');

# ---- with the option

my $a = node('a', '127.0.0.1', 1)->start;
is(import_of($a, $old)->{error}, undef, 'legacy_chain: the old chain is taken');
is(height($a), 40, 'all of it');
ok($a->log_has(qr/legacy_chain is on/), 'the log says that it is on');
ok($a->log_has(qr/Block 3 of the old network is kept, although: transaction 1, input 0: /), 'and what it lets pass');
is($a->status->{'blocks.legacy_chain'}, 1, 'status names it');
like(($a->rows('getblockchaininfo'))[0]{warnings}, qr/legacy_chain/, 'getblockchaininfo too');
is($a->ask('chain', { action => 'verify' }, 60)->{error}, undef, 'the chain verifies');

my $c = node('c', '127.0.0.3', 1, '127.0.0.1')->start;
wait_until(sub { height($c) == 40 }, 60, 'another such node synchronises it');
is(coins($c), coins($a), 'to the same coins');
$c->stop;

# ---- nothing is minted, whoever made the chain

for (['pays-more', qr/^block 20: the rewards do not add up/], ['overspent', qr/^block 20: .*pays out more/], ['input-twice', qr/^block 20: .*spent twice/]) {
	my ($fault, $reason) = @$_;
	my $node = node("bad-$fault", '127.0.0.4', 1)->start;
	my $file = generate("$fault.jsonl", "--old --blocks 25 --bad $fault --bad-at 20");
	like(import_of($node, $file)->{error}, $reason, "$fault is refused all the same");
	is(height($node), 19, 'the chain stops below');
	$node->stop;
}

# ---- without it

my $b = node('b', '127.0.0.2', 0, '127.0.0.1')->start;
like(import_of($b, $old)->{error}, qr/^block 1: |^block 2: /, 'without it the file is refused');
wait_until(sub { $b->log_has(qr/Synchronisation: 127\.0\.0\.1 sent or said: /) }, 60, 'and so is a peer that serves it');
cmp_ok(height($b), '<=', 1, 'nothing unsigned connects');
is($b->status->{'blocks.legacy_chain'}, 0, 'status says that it is off');
$b->stop;

# ---- turned off

$a->stop;
$a->reconfigure({ plugins => { blocks => { legacy_chain => \0 } } });
$a->spawn;
wait_until(sub { !$a->alive }, 10, 'turned off, a node with such a chain does not start');
ok($a->log_has(qr/holds blocks of the old network from height [12] on, which only legacy_chain = true keeps/), 'and says why');
$a->reconfigure({ plugins => { blocks => { legacy_chain => \1 } } });
$a->start;
is(height($a), 40, 'nothing was changed');
is(($a->rows('chain', { action => 'rollback', height => 0 }))[0]{height}, 0, 'the blocks are taken back');
$a->stop;
$a->reconfigure({ plugins => { blocks => { legacy_chain => \0 } } });
$a->start;
is(height($a), 0, 'then it starts without the option');
is(import_of($a, generate('new.jsonl', '--blocks 10'))->{error}, undef, 'and takes signed blocks');
is(height($a), 10, 'as any node');
$_->audit_ok, $_->stop for $a;
done_testing();
