#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/69-chaingen.t - the generator of chains as a program: formats, forks, faults, its cache
use strict;
use warnings;
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

my $prog = "$ENV{TN_BUILDDIR}/t/chaingen";
my $dir  = tempdir(CLEANUP => 1);

sub run_gen {
	my @args = @_;
	open my $p, '-|:raw', $prog, @args or die "$prog: $!";
	local $/;
	my $out = <$p>;
	close $p;
	return ($out // '', $? >> 8);
}
sub lines { my ($out) = run_gen(@_); return split /\n/, $out }
sub sizes {
	my ($all, @size) = @_;
	while (length $all >= 8) {
		my $n = unpack 'Q<', substr $all, 0, 8, '';
		push @size, length substr $all, 0, $n, '';
		last if $size[-1] != $n;
	}
	return (@size, length $all ? -1 : ());
}

my @plain  = lines(qw(--blocks 12 --txs 4 --genesis));
my @blocks = map { JSON::PP->new->decode($_) } @plain;
is scalar @blocks, 13, 'genesis and twelve blocks';
is_deeply [map { $_->{header}{height} } @blocks], [0 .. 12], 'by height';
is scalar @{ $blocks[12]{transactions} }, 5, 'a coinbase and four payments';
my ($bin) = run_gen(qw(--blocks 12 --txs 4 --format bincode));
my @size = sizes($bin);
is scalar @size, 12, 'twelve as bincode, and nothing behind them';
ok !grep({ $_ < 200 } @size), 'all of a plausible size';

my @one = lines(qw(--blocks 12 --txs 4 --fork-at 8 --branch 1));
my @two = lines(qw(--blocks 12 --txs 4 --fork-at 8 --branch 2));
is_deeply [@one[0 .. 7]], [@plain[1 .. 8]], 'a fork begins with the trunk';
is_deeply [@two[0 .. 7]], [@plain[1 .. 8]], 'as does another';
isnt $one[8], $plain[9], 'goes on otherwise';
isnt $one[8], $two[8],   'and so do two branches';

my @bad = lines(qw(--blocks 12 --txs 4 --bad signature --bad-at 10));
is_deeply [grep { $bad[$_] ne $plain[$_ + 1] } 0 .. 11], [9], 'one block is wrong';
my ($list) = run_gen('--list-bad');
like $list, qr/^signature\tsignature$/m, 'faults are listed';
my $count = () = $list =~ /\n/g;
cmp_ok $count, '>', 20, 'more than twenty';

my $payee = 'TIME08sCbGZYLhzyQCFuo22hyevhvD27TL9aY9';
my $other = 'TIME0' . 'x' x 33;
my @fund  = map { JSON::PP->new->decode($_) }
	lines(qw(--blocks 30 --txs 4 --fund), "$payee:250:500000000", '--fund', "$other:3:700");
my %paid;
for my $out (map { @{ $_->{outputs} } } map { @{ $_->{transactions} } } @fund) {
	$paid{ pack 'C*', @{ $out->{script_pubkey} } }{ $out->{value} }++;
}
is_deeply $paid{$payee}, { 500000000 => 250 }, 'a fund is paid, coin by coin';
is_deeply $paid{$other}, { 700 => 3 }, 'and so is the other';
is((run_gen(qw(--blocks 3 --fund), "$payee:250:500000000"))[1], 2, 'unless the chain is too short');
is((run_gen('--fund', "$payee:5"))[1], 2, 'a fund has three parts');

my $cache = "$dir/chain";
my ($first) = run_gen(qw(--blocks 12 --txs 4 --genesis --cache), $cache);
is $first, join("\n", @plain) . "\n", 'with a cache: the same output';
open my $f, '+<', $cache or die "$cache: $!";
my $settings = <$f>;
print {$f} 'X';
close $f;
my ($again) = run_gen(qw(--blocks 12 --txs 4 --genesis --cache), $cache);
like $again, qr/^X/, 'which comes out of it the next time';
my ($short) = run_gen(qw(--blocks 11 --txs 4 --genesis --cache), $cache);
is $short, join("\n", @plain[0 .. 11]) . "\n", 'unless the settings are others';
ok !-e "$cache.new", 'nothing is left';

is((run_gen(qw(--blocks many)))[1], 2, 'a wrong number is an error');
is((run_gen(qw(--bad nothing)))[1], 2, 'so is an unknown fault');
my @every = lines(qw(--blocks 12 --txs 4 --bad signature --bad-at 5 --bad-every 3 --only-bad));
is_deeply [map { JSON::PP->new->decode($_)->{header}{height} } @every], [5, 8, 11], 'every third is bad, and no others are printed';
is $every[0], (lines(qw(--blocks 12 --txs 4 --bad signature --bad-at 5)))[4], 'the first as without that';
done_testing;
