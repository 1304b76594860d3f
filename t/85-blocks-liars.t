#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/85-blocks-liars.t - a new node catches up from an honest, a slow and a lying peer: same chain,
# same coins, and the liar alone is blamed
#
# The honest one is not there, and the slow one has no more than the liar's true blocks, before the
# liar has sent a lie and was named for it: so each lie is seen, however fast the others are.
#
# BLOCKS=N and TXS=N for a larger chain, ONLY=0,3 for some of the liars. CHAIN_DIR=DIR keeps the
# generated chain and the store that it was imported into: made once, used by every later run.
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use ChainPeer;
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use List::Util qw(max min);
use NodeTest qw(free_ports wait_until run_cmd);
use Time::HiRes qw(time);

my $build  = $ENV{TN_BUILDDIR} // '.';
my $port   = free_ports();
my $since  = 1764547200;
my $blocks = $ENV{BLOCKS} || 240;
my $txs    = $ENV{TXS}    || 5;
my $dir    = $ENV{CHAIN_DIR} ? "$ENV{CHAIN_DIR}/$blocks-$txs" : tempdir(CLEANUP => 1);
my $bad_at = min(int $blocks / 2, 1000);
my $patience = max(90, $blocks * $txs / 200); # seconds
my ($honest, $slow, $liar) = map { "127.0.0.$_" } 1, 6, 7;
make_path($dir);

# Under another name until it is whole.
sub generate ($file, @args) {
	return "$dir/$file" if -e "$dir/$file";
	system("'$build/t/chaingen' --network private --genesis-time $since --txs $txs --blocks $blocks @args >'$dir/$file.new'") == 0
		or BAIL_OUT("chaingen @args");
	rename "$dir/$file.new", "$dir/$file" or BAIL_OUT("rename: $!");
	return "$dir/$file";
}

my %conf = (network => { genesis_time => $since, dial_rule => 'any', whitelist => [] },
	store => { map_size => '16G' }, plugins => { peers => undef, pingpong => { interval => '30s' }, blocks => {} });

# ---- the true chain, and what the liars have of it: every 25th block from bad_at on is wrong

my $file = generate('true.jsonl');
sub chain (@bad) {
	my $chain = Chain->load($file);
	return $chain if !@bad;
	my $wrong = Chain->load(generate("$bad[0]-$bad_at.jsonl", "--bad $bad[0] --bad-at $bad_at --bad-every 25 --only-bad"));
	$chain->replace($wrong);
	return $chain;
}

# ---- the honest node, by local import

sub copy ($from, $to) {
	my ($code, undef, $err) = run_cmd(['cp', '-r', '--sparse=always', $from, $to], deadline => 600);
	BAIL_OUT("cp: $err") if $code;
	return;
}

my $a = NodeTest->new('honest', $honest, $port, conf => \%conf);
copy("$dir/imported", $a->{conf}{data_dir}) if -e "$dir/imported";
$a->start;
BAIL_OUT('the honest node does not start') unless $a->alive;
if (!-e "$dir/imported") {
	my $begun = time;
	is($a->ask('chain', { action => 'import', file => $file }, $patience)->{error}, undef, 'the honest node imports the chain');
	diag(sprintf 'imported in %.1f s: %.0f blocks/s', time - $begun, $blocks / (time - $begun));
	$a->stop;
	if ($ENV{CHAIN_DIR}) {
		copy($a->{conf}{data_dir}, "$dir/imported.new");
		rename "$dir/imported.new", "$dir/imported" or BAIL_OUT("rename: $!");
	}
	$a->start(60);
}
my $coins = ($a->rows('gettxoutsetinfo'))[0];
is($coins->{height}, $blocks, "it has $blocks blocks");

# ---- each liar in turn

my $none = sub { undef };
my @turn = (
	['a height of 2^64-1', qr/a height that time has not reached/, top => 9,
		answer => { GetBlockHeight => sub ($s, $body, $true) { '{"BlockHeightResponse":18446744073709551615}' } }],
	['a bad signature behind a good prefix', qr/a block that breaks a rule/, bad => ['signature']],
	['a mutated block', qr/a block whose body is not its own/, bad => ['mutated']],
	['another range than asked', qr/other blocks than asked/,
		answer => { GetBlocks => sub ($s, $r, $true) { $true->($s, [map { $_ + 10 } @$r]) } }],
	['another genesis block', undef, answer => { GetBlockHash => sub ($s, $h, $true) {
		$h == 0 ? '{"BlockHashResponse":{"height":0,"hash":[' . join(',', (7) x 32) . ']}}' : $true->($s, $h) } }],
	['withheld blocks', undef, answer => { GetBlocks => sub ($s, $r, $true) { $r->[1] >= $bad_at ? undef : $true->($s, $r) } }],
);

sub height ($n) { return (($n->ask('getblockcount'))->{rows}[0] // {})->{height} // -1 }

# Has the liar sent a lie? Of those with blocks: a wrong one.
sub has_lied ($peer) {
	my $end = time + NodeTest::slow($patience);
	while ((my $left = $end - time) > 0) {
		my ($what, $count) = $peer->event($left);
		last if !defined $what;
		return $count if $what eq 'lied';
	}
	return 0;
}

sub meet ($i, $what, $why, %how) {
	my ($bad, $blame) = (delete $how{bad}, $why);
	$why //= qr/Connection closed with \Q$liar\E:\d+: another genesis block/ if $what =~ /genesis/;
	my $s = ChainPeer->start($slow, $port, id => 1006, chain => chain(), wait => 0.3, top => $bad_at - 1);
	my $l = ChainPeer->start($liar, $port, id => 1007, chain => chain(@{ $bad // [] }), %how);
	my $n = NodeTest->new("new$i", '127.0.0.9', $port, conf => { %conf,
		network => { %{ $conf{network} }, connect => [map { "$_:$port" } $liar, $slow] } })->start;
	cmp_ok(has_lied($l), '>', 0, "$what: the lie was told");
	ok($n->wait_log($why, $patience), "$what: and the liar named") if $why;
	my $begun = time;
	$s->order('serve', $blocks);
	$n->ask('addnode', { addr => "$honest:$port" });
	wait_until(sub { !$n->alive || height($n) == $blocks }, $patience, "$what: the whole chain is there");
	my ($took, $memory) = (time - $begun, $n->memory);
	diag(sprintf '%s: %.1f s, %.0f blocks/s; memory %.0f MiB, with the mapped store %.0f at most', $what,
		$took, $blocks / $took, $memory->{anon} / 1048576, $memory->{peak} / 1048576);
	my $own = ($n->rows('gettxoutsetinfo'))[0];
	is_deeply($own, $coins, "$what: the same tip and coins as by import");
	my @blamed = map { /Synchronisation: (\S+) sent or said/ ? $1 : /Refused block/ ? '?' : () } split /\n/, $n->log_text;
	is(scalar(grep { $_ ne $liar } @blamed), 0, "$what: nobody else is blamed");
	cmp_ok(scalar @blamed, '>', 0, "$what: the liar is") if $blame;
	is(scalar @blamed, 0, "$what: nobody is blamed") if !$blame;
	$n->audit_ok;
	$n->stop;
	remove_tree($n->{conf}{data_dir});
	$_->stop for $s, $l;
	return;
}

my %only = map { $_ => 1 } split /,/, $ENV{ONLY} // '';
for my $i (0 .. $#turn) { meet($i, @{ $turn[$i] }) if !%only || $only{$i} }
$a->audit_ok;
$a->stop;
done_testing();
