#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/93-examples.t - what authors outside of the tree rely on: every public header alone in C11 and
# C++17, the explorer on generated blocks, payees beside a chain that grows, goes back, is made
# anew, and through an upgrade; what a wrong plugin is told
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use File::Find qw(find);
use File::Temp qw(tempdir);
use NodeTest qw(free_ports run_cmd slurp stage wait_until write_file);

my $src   = $ENV{TN_SRCDIR}   // "$FindBin::Bin/..";
my $build = $ENV{TN_BUILDDIR} // '.';
my $dir   = stage();
my $tmp   = tempdir(CLEANUP => 1);
my $since = 1764547200;
plan skip_all => 'programs and plugins without the sanitizer of the library' if $ENV{TN_SANITIZED};

my @strict = qw(-Wall -Wextra -Werror -pedantic);
my @c      = (split(' ', $ENV{TN_CC} || 'cc'), '-std=c11', @strict, "-I$dir->{includedir}");
my @cxx    = ('c++', '-x', 'c++', '-std=c++17', @strict, "-I$dir->{includedir}");
my @link   = ("-L$dir->{libdir}", '-ltimenode');
my $cxx    = system('command -v c++ >/dev/null 2>&1') == 0;

sub compiles ($what, @args) {
	my ($rc, $out, $err) = run_cmd([@args], deadline => 120);
	is($rc, 0, $what) or diag($err);
	return !$rc;
}

# ---- every public header, alone

my @header;
find({ no_chdir => 1, wanted => sub { push @header, s/^\Q$dir->{includedir}\E.//r if /\.h$/ } }, $dir->{includedir});
cmp_ok(scalar @header, '>', 15, 'headers were installed');
my $each = join '', map { my $n = $_ =~ s/\W/_/gr; write_file("$tmp/$n.c", "#include <$_>\nextern int $n;\n"); "$tmp/$n.c " } sort @header;
compiles('every header alone, C11', @c, '-fsyntax-only', split ' ', $each);
SKIP: {
	skip 'no C++ compiler', 1 if !$cxx;
	compiles('and C++17', @cxx, '-fsyntax-only', split ' ', $each);
}

# ---- a program that links the library

sub generate ($file, @args) {
	system("'$build/t/chaingen' --network private --genesis-time $since --txs 5 --blocks 60 @args >'$file'") == 0
		or BAIL_OUT("chaingen @args");
	return $file;
}
my $bin  = generate("$tmp/blocks.bin",   '--format bincode');
my $json = generate("$tmp/blocks.jsonl", '--format lines');
my $lib  = { LD_LIBRARY_PATH => $dir->{libdir} };

compiles('the explorer, C11', @c, '-o', "$tmp/explorer", "$src/examples/explorer/explorer.c", @link);
my ($rc, $said, $err) = run_cmd(["$tmp/explorer", 'blocks', $bin], env => $lib);
is($rc, 0, 'it reads bincode') or diag($err);
my @line = split /\n/, $said;
is(scalar @line, 60, 'a line for each block');
is(scalar(grep { /, merkle root good, (\d+) of \1 signatures$/ } @line), 60, 'all good');
cmp_ok(scalar(grep { / [1-9]\d* of / } @line), '>', 20, 'with signatures');
is((run_cmd(["$tmp/explorer", 'blocks', $json], env => $lib))[1], $said, 'JSON lines give the same');
my $bytes = slurp($bin);
write_file("$tmp/cut.bin", substr $bytes, 0, -1);
($rc, $said, $err) = run_cmd(["$tmp/explorer", 'blocks', "$tmp/cut.bin"], env => $lib);
is($rc, 1, 'a file that is cut');
like($err, qr/cut\.bin: its last block is not whole/, 'is named');

my @pay = ('01' x 32, 'private', '07' x 32 . ':0', '12.5');
like((run_cmd(["$tmp/explorer", 'pay', @pay, 'TIME0', $since], env => $lib))[2], qr/^explorer: not 24 bytes/, 'half an address is refused');
my ($to) = slurp($json) =~ /"masternode_rewards":\[\["(TIME\w+)"/;
SKIP: {
	skip 'no address', 2 if !$to;
	($rc, $said, $err) = run_cmd(["$tmp/explorer", 'pay', @pay, $to, $since], env => $lib);
	is($rc, 0, 'it signs a payment') or diag($err);
	like($said, qr/^from TIME0\w{33}.*\ntxid [0-9a-f]{64}\n\{"TransactionBroadcast":\{.*\}\}\n\z/, 'as a line of the wire');
	SKIP: {
		skip 'no C++ compiler', 2 if !$cxx;
		compiles('the explorer, C++17', @cxx, '-o', "$tmp/explorer17", "$src/examples/explorer/explorer.c", '-x', 'none', @link);
		is((run_cmd(["$tmp/explorer17", 'pay', @pay, $to, $since], env => $lib))[1], $said, 'which says the same');
	}
}

# ---- a plugin that derives something from the chain

my $code = slurp("$src/examples/payees/payees.c");
my $so   = "$tmp/plugins/payees.so";
mkdir "$tmp/plugins";
symlink "$dir->{plugindir}/$_.so", "$tmp/plugins/$_.so" for qw(pingpong blocks);

# Builds a variation beside the file and renames it, as the guide wants it.
sub payees ($what, $text, @more) {
	write_file("$tmp/payees.c", $text);
	my $ok = compiles($what, @c, qw(-fPIC -fvisibility=hidden -shared), @more, '-o', "$tmp/new.so", "$tmp/payees.c", @link);
	rename "$tmp/new.so", $so if $ok;
	return;
}

payees('payees', $code);
my $node = NodeTest->new('payees', '127.0.0.1', free_ports(), conf => {
	plugin_dir => "$tmp/plugins",
	network => { genesis_time => $since },
	store   => { map_size => '1G' },
	plugins => { pingpong => {}, peers => undef, blocks => {} } })->start;
write_file("$tmp/half.so", substr slurp($so), 0, 3000);

sub answer ($what, $args, $code, $re) {
	my ($c, $o, $e) = $node->cli(@$args);
	is($c, $code, $what);
	like($o . $e, $re, 'and says so');
	return;
}
sub counted () { return $node->status->{'payees.blocks'} // 0 }
sub payees_of () { return { map { $_->{address} => "$_->{payments} $_->{sum}" } $node->rows('payees', { limit => 10000 }) } }

# How many outputs the blocks have, as they are written.
sub paid ($height) {
	return scalar(() = join('', (split /\n/, slurp($json))[0 .. $height - 1]) =~ /"script_pubkey":\[\d/g);
}
sub payments ($rows) { my $n = 0; $n += (split ' ', $_)[0] for values %$rows; return $n }

answer('blocks before the plugin is there', ['--timeout', 60, 'chain', 'import', $bin], 0, qr/60/);
answer('it is loaded', ['plugin', 'load', 'payees'], 0, qr//);
wait_until(sub { counted() == 61 }, 20, 'it catches up with what was there');
my $all = payees_of();
is(payments($all), paid(60) + 1, 'every payment was counted, and that of genesis');
answer('the chain goes back', ['chain', 'rollback', 40], 0, qr/40/);
is(counted(), 41, 'and the count with it');
is(payments(payees_of()), paid(40) + 1, 'payments were taken back');
answer('the blocks come again', ['--timeout', 60, 'chain', 'import', $bin], 0, qr/60/);
is_deeply(payees_of(), $all, 'the totals are what they were');
answer('the chain is made anew', ['--timeout', 60, 'chain', 'reindex'], 0, qr/60/);
wait_until(sub { counted() == 61 }, 20, 'it counts all of it again');
is_deeply(payees_of(), $all, 'to the same totals');

my ($first) = sort keys %$all;
answer('a misspelled argument',    ['payees', "adress=$first"],  1, qr/payees: unknown argument "adress", do you mean "address"\?/);
answer('an argument of no number', ['payees', 'limit=x'],        1, qr/payees \{"limit":"x"\}: not an integer in range at byte 9/);
answer('an address without payments', ['payees', 'address=me'],  1, qr/nobody has paid me/);

payees('another version of it', $code =~ s/"1\.0"/"1.1"/r);
answer('it takes over', ['plugin', 'upgrade', 'payees'], 0, qr//);
is((grep { $_->{name} eq 'payees' } $node->rows('plugins'))[0]{version}, '1.1', 'the new build runs');
is_deeply(payees_of(), $all, 'with the same totals');

# ---- what an author is told who does it wrong

payees('a command of the core', $code =~ s/\{ "payees", "payments/{ "status", "payments/r);
answer('is refused', ['plugin', 'upgrade', 'payees'], 1, qr/plugin payees: command status is the core's: give it another name/);
payees('a command of blocks', $code =~ s/\{ "payees", "payments/{ "getblock", "payments/r);
answer('is refused', ['plugin', 'upgrade', 'payees'], 1, qr/plugin payees: command getblock is plugin blocks's already/);
payees('another format', $code =~ s/&total_schema, 1 \}/&total_schema, 2 }/r);
answer('is refused', ['plugin', 'upgrade', 'payees'], 1, qr/payees\.totals .*format 1, not 2/);
payees('a call that nobody has', $code =~ s/(static int start\([^{]*\{)/extern void nowhere(void);\n$1 nowhere();/r);
answer('is refused', ['plugin', 'upgrade', 'payees'], 1, qr/payees\.so: cannot be loaded: undefined symbol: nowhere/);
payees('another licence', $code =~ s/TN_HEAD\(/TN_HEAD_UNDER("GPL-2.0-only", /r);
answer('is the author\'s choice', ['plugin', 'upgrade', 'payees'], 0, qr//);
write_file($so, slurp("$tmp/half.so"));
answer('half a file is refused', ['plugin', 'upgrade', 'payees'], 1, qr/payees\.so: ends early: copy it beside and rename it/);
is_deeply(payees_of(), $all, 'and the old build runs on');
$node->stop;
done_testing();
