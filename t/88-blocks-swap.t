#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/88-blocks-swap.t - the plugin blocks is upgraded while its node catches up and while it rests:
# sessions stay, nobody is blamed, no block is lost, the account is exact (SWAPS=N)
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use File::Copy qw(copy);
use File::Temp qw(tempdir);
use JSON::PP;
use NodeTest qw(free_ports slurp stage wait_until);
use Peer;

my $build = $ENV{TN_BUILDDIR} // '.';
my $dir   = tempdir(CLEANUP => 1);
my $port  = free_ports();
my $since = 1764547200;
my $swaps = $ENV{SWAPS} || 12;
my $top   = 1200;

sub generate ($file, @args) {
	system("'$build/t/chaingen' --network private --genesis-time $since --txs 4 @args >'$dir/$file'") == 0
		or BAIL_OUT("chaingen @args");
	return "$dir/$file";
}

sub node ($name, $ip, $connect, %blocks) {
	return NodeTest->new($name, $ip, $port, conf => {
		network => { genesis_time => $since, dial_rule => 'any', connect => [map { "$_:$port" } @$connect] },
		store   => { map_size => '1G' }, log => { repeat => '0s' },
		plugins => { peers => undef, pingpong => { interval => '30s' }, blocks => {%blocks} } });
}

sub height ($node) { return (($node->rows('getblockcount'))[0] // {})->{height} // -1 }
sub coins ($node)  { return (($node->rows('gettxoutsetinfo'))[0] // {})->{hash} }
sub sessions ($n)  { return join ' ', sort map { "$_->{ip}:$_->{dir}:$_->{port}" } $n->peers }
sub upgrade ($n)   { return $n->ask('plugin', { action => 'upgrade', name => 'blocks' })->{error} }

copy(stage()->{plugindir} . '/blocks.so', "$dir/blocks.so") or die "blocks.so: $!";
my @a = map { node("a$_", "127.0.0.$_", [])->start } 1, 2;
for my $a (@a) {
	is($a->ask('chain', { action => 'import', file => generate('blocks.bin', "--blocks $top --format bincode") }, 120)->{error}, undef, $a->{name} . ' has a chain');
}

# ---- while it catches up: each time some blocks later

my $b = node('b', '127.0.0.3', ['127.0.0.1', '127.0.0.2'], path => "$dir/blocks.so", window => 4)->start;
wait_until(sub { $b->peers == 2 }, 30, 'b has both peers');
my $before = sessions($b);
my ($refused, $midway, $last) = (0, 0, 0);
for my $i (1 .. $swaps) {
	my $want = $top * $i / ($swaps + 2);
	for (1 .. 3000) { last if height($b) >= $want; select undef, undef, undef, 0.01 }
	my $at = height($b);
	$midway++ if $at < $top && $at > $last;
	$last = $at;
	$refused++ if defined upgrade($b);
}
is($refused, 0, "$swaps upgrades while it catches up, none refused");
cmp_ok($midway, '>=', 1, 'some of them in the midst of it');
wait_until(sub { height($b) == $top }, 120, 'it comes to the end');
is(coins($b), coins($a[0]), 'with the same coins');
is(sessions($b), $before, 'over the same sessions');
is($b->log_count(qr/blocks \S+ took over from/), $swaps, 'the log tells each');
is(join('', $b->log_lines(qr/sent or said: /)), '', 'no peer was blamed for answers that came after');
is($b->ask('chain', { action => 'verify' }, 120)->{error}, undef, 'the chain verifies');

# ---- while it rests: a branch beside the chain is kept, and an announced block connects

my $json = JSON::PP->new->utf8;
my @side = split /\n/, slurp(generate('side.jsonl', '--blocks', $top, '--fork-at', $top - 2, '--branch 7'));
my @next = split /\n/, slurp(generate('next.jsonl', '--blocks', $top + 2));
my ($from, $to) = map { my $x = Peer->dial("127.0.0.3:$port", from => "127.0.0.$_"); $x->handshake; $x } 8, 9;
$from->send_line(qq({"BlockAnnouncement":$side[$top - 2]}));
wait_until(sub { (($b->rows('getblockchaininfo'))[0] // {})->{sideblocks} == 1 }, 10, 'a block beside the chain');
is(upgrade($b), undef, 'an upgrade while it rests');
is((($b->rows('getblockchaininfo'))[0] // {})->{sideblocks}, 1, 'it is still there');
$from->send_line(qq({"BlockAnnouncement":$next[$top]}));
is_deeply($to->expect('BlockAnnouncement', 10, pong => 1), $json->decode($next[$top]), 'an announced block is passed on');
is(height($b), $top + 1, 'and has connected');
is(upgrade($b), undef, 'and once more');
$from->send_line('"GetBlockHeight"');
is($from->expect('BlockHeightResponse', 10, pong => 1), $top + 1, 'what is on the disk is told');
$from->send_line(qq({"BlockAnnouncement":$next[$top + 1]}));
wait_until(sub { height($b) == $top + 2 }, 10, 'the next one connects');
wait_until(sub { height($a[0]) == $top + 2 && height($a[1]) == $top + 2 }, 30, 'everywhere');
$_->close for $from, $to;

# ---- a file that is no such plugin: the running one goes on

copy(stage()->{plugindir} . '/pingpong.so', "$dir/next") or die;
rename "$dir/next", "$dir/blocks.so" or die;
like(upgrade($b), qr/pingpong/, 'another plugin in its place is refused');
is(height($b), $top + 2, 'and the chain goes on');
is($b->ask('chain', { action => 'verify', quick => JSON::PP::true }, 120)->{error}, undef, 'as it was');
for ($b, @a) { $_->audit_ok; $_->stop }
done_testing();
