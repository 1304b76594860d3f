#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# bench/chain.pl - the chain in a real node: import, catching up, memory, turns of the loop
#
# usage: chain.pl [BLOCKS [COINS]]; make bench-chain BLOCKS=.. COINS=.. runs it. Printed are figures
# and, where there is an aim, the ratio of two that were measured after one another. Times of
# processors (cpu) do not depend on who else runs; all others want a machine that does nothing else.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../t/lib";

use File::Temp qw(tempdir);
use JSON::PP;
use NodeTest qw(free_ports slurp wait_until);
use Peer;
use POSIX ();
use Test::More;
use Time::HiRes qw(time sleep);

my ($blocks, $coins) = (shift || 1500, shift || 0);
my $build = $ENV{TN_BUILDDIR} // '.';
my $dir   = tempdir(CLEANUP => 1, DIR => $build);
my $port  = free_ports();
my $since = 1764547200;
my $used  = 0;

sub generate ($name, @args) {
	system("'$build/t/chaingen' --network private --genesis-time $since @args >'$dir/$name'") == 0
		or die "chaingen @args";
	return "$dir/$name";
}

sub node (%network) {
	my $ip = '127.0.0.' . ++$used;
	return NodeTest->new("node $used", $ip, $port, conf => {
		data_dir => "$dir/$used", network => { genesis_time => $since, dial_rule => 'any', %network },
		store    => { map_size => '16G' },
		plugins  => { peers => undef, pingpong => { interval => '30s' }, blocks => {} } })->start;
}

sub line ($what, $value, $rest = '') { printf "%-46s %10s  %s\n", $what, $value, $rest; return }
sub height ($n) { return ($n->ask('getblockcount')->{rows}[0] // {})->{height} // -1 }
sub status_of ($n, $word) { return slurp("/proc/$n->{pid}/status") =~ /^$word:\s+(\d+)/m ? $1 / 1024 : 0 }
sub written ($n) { return slurp("/proc/$n->{pid}/io") =~ /^wchar: (\d+)/m ? $1 : 0 }

# CPU seconds: [of the loop, of the writer and others, of the pool]; the pool's threads have the most.
sub cpu ($n) {
	my %s = map { m{/(\d+)$} ? ($1 => (split ' ', slurp("$_/schedstat"))[0] / 1e9) : () } glob "/proc/$n->{pid}/task/*";
	my $loop = delete $s{ $n->{pid} };
	my $all  = 0;
	$all += $_ for values %s;
	return ($loop, $all);
}

# Runs it; the most memory that was not the mapped store meanwhile, in MiB.
sub private_memory ($n, $do) {
	pipe my $from, my $to or die "pipe: $!";
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		my ($most, $end) = (0, 0);
		local $SIG{TERM} = sub { $end = 1 };
		while (!$end) {
			my $now = status_of($n, 'RssAnon');
			$most = $now if $now > $most;
			sleep 0.02;
		}
		syswrite $to, $most;
		POSIX::_exit(0);
	}
	$do->();
	kill TERM => $pid;
	waitpid $pid, 0;
	sysread $from, my $most, 99;
	return $most;
}

sub import_file ($n, $file) {
	my $begun = time;
	my $a = $n->ask('chain', { action => 'import', file => $file }, 3600);
	die "import: $a->{error}" if defined $a->{error};
	return time - $begun;
}

# Blocks a second that signatures alone allow, and signatures a second of one processor, measured again:
# the machine is not equally fast from one minute to the next.
sub signatures_allow ($file) {
	my (undef, undef, $signatures, $rate, $each) = split ' ', `'$build/bench/signatures' '$file' 3`;
	return ($rate * $blocks / $signatures, $each);
}

# What one step costs: seconds, cpu of [the loop, all threads], bytes written.
sub cost_of ($n, $do) {
	my ($w, $begun, @c) = (written($n), time, cpu($n));
	$do->();
	my ($took, @d) = (time - $begun, cpu($n));
	return ($took, $d[0] - $c[0], $d[1] - $c[1], written($n) - $w);
}

sub mean ($x, $y) { return ($x + $y) / 2 }

# ---- import: all signatures are checked

my $file = generate('50.bin', "--txs 50 --blocks $blocks --format bincode");
my (undef, $bytes, $signatures) = split ' ', `'$build/bench/signatures' '$file' 1`;
my ($allowed, $each) = signatures_allow($file);
my $a = node();
my $took;
my ($loop, $threads, $wrote);
my $most = private_memory($a, sub {
	($took, $loop, $threads, $wrote) = cost_of($a, sub { import_file($a, $file) });
});
my ($allowed2, $each2) = signatures_allow($file);
my $share = mean($allowed, $allowed2);
printf "%d blocks of 50 transactions, %.0f signatures and %.0f bytes each\n\n", $blocks, $signatures / $blocks, $bytes / $blocks;
line('import, signatures checked', sprintf('%.0f/s', $blocks / $took));
line('  as a share of what signatures alone allow', sprintf('%.2f', $blocks / $took / $share),
	sprintf('aim: at least 0.80 of %.0f/s', $share));
line('  cpu of signatures by cpu of all', sprintf('%.2f', $signatures / mean($each, $each2) / ($loop + $threads)),
	sprintf('the loop %.2f ms, all threads %.2f ms a block', 1e3 * $loop / $blocks, 1e3 * $threads / $blocks));
line('  bytes written a block', sprintf('%.0f', $wrote / $blocks), sprintf('%.1f times its bincode', $wrote / $bytes));
line('  memory at most, without the mapped store', sprintf('%.0f MiB', $most),
	sprintf('with it %.0f MiB', status_of($a, 'VmHWM')));
my $s = $a->status;
line('  worst turn of the loop', sprintf('%.1f ms', $s->{loop_worst_us} / 1e3));

# ---- reindex: with signatures, and without those that were checked before

sub reindex ($what, %args) {
	my $r;
	my ($seconds, $loop, $threads, $wrote) = cost_of($a, sub { $r = $a->ask('chain', { action => 'reindex', %args }, 3600) });
	die "$what: $r->{error}" if defined $r->{error};
	line($what, sprintf('%.0f/s', $blocks / $seconds), sprintf('%.1f times the import', $took / $seconds));
	line('  cpu a block', sprintf('%.2f ms', 1e3 * ($loop + $threads) / $blocks),
		sprintf('the loop %.2f ms, all threads %.2f ms', 1e3 * $loop / $blocks, 1e3 * $threads / $blocks));
	line('  bytes written a block', sprintf('%.0f', $wrote / $blocks), sprintf('%.1f times its bincode', $wrote / $bytes));
	return;
}
reindex('reindex, signatures checked');
reindex('reindex quick, signatures not checked', quick => JSON::PP::true);

# ---- catching up over loopback from one peer

($allowed) = signatures_allow($file);
my $b = node(connect => ['127.0.0.1:' . $port]);
my $begun = time;
$most = private_memory($b, sub { wait_until(sub { height($b) == $blocks }, 3600, 'caught up') });
my $sync = time - $begun;
($allowed2) = signatures_allow($file);
$share = mean($allowed, $allowed2);
line('catching up over loopback', sprintf('%.0f/s', $blocks / $sync), sprintf('%.2f of the import', $took / $sync));
line('  as a share of what signatures alone allow', sprintf('%.2f', $blocks / $sync / $share), sprintf('of %.0f/s', $share));
line('  memory at most, of the one that catches up', sprintf('%.0f MiB', $most),
	sprintf('with the mapped store %.0f MiB', status_of($b, 'VmHWM')));
line('  worst turn of the loop', sprintf('%.1f ms', $b->status->{loop_worst_us} / 1e3));
$b->stop;
$a->stop;

# ---- a block more when there are many coins

sub cost_of_block ($many) {
	my $few  = 100;
	my $per  = $many < 100_000 ? $many : 100_000;
	my $fill = int($many / $per);
	my @args = ('--txs 10 --format bincode', "--dust ${per}x" . ($fill + 1));
	my $n    = node();
	import_file($n, generate('fill', @args, '--blocks', $fill + 12));
	my ($coins, $w, @c) = (($n->rows('gettxoutsetinfo'))[0]{txouts}, written($n), cpu($n));
	my $took = import_file($n, generate('all', @args, '--blocks', $fill + 12 + $few));
	my @d = cpu($n);
	line("a block of 10 transactions at $coins coins", sprintf('%.2f ms', 1e3 * $took / $few),
		sprintf('cpu: loop %.2f ms, threads %.2f ms; %.0f bytes written', (map { 1e3 * ($d[$_] - $c[$_]) / $few } 0, 1),
			(written($n) - $w) / $few));
	$n->stop;
	return;
}
cost_of_block($_) for 1000, $coins ? $coins : ();

# ---- turns of the loop: blocks of 2 MB, of payments and of nothing but outputs

sub turns ($what, @args) {
	my @line = split /\n/, slurp(generate('large', '--blocks 4', @args));
	my $n = node();
	my $worst = sub ($step) {
		my $s = $n->status;
		line("  $step", sprintf('%.1f ms', $s->{loop_worst_us} / 1e3), 'aim: at most 20');
		$n->stop;
		$n->start;
	};
	open my $out, '>', "$dir/large3" or die $!;
	print $out map { "$_\n" } @line[0 .. 2];
	close $out;
	line($what, length $line[3], 'bytes of JSON; worst turn of the loop for');
	import_file($n, "$dir/large3");
	$worst->('import of three');
	my ($to, $from) = map { my $p = Peer->dial("$n->{ip}:$port", from => "127.0.1.$_"); $p->handshake; $p } 1, 2;
	$from->send_line(qq({"BlockAnnouncement":$line[3]}));
	$to->expect('BlockAnnouncement', 60, pong => 1);
	$worst->('announced, judged, connected, relayed');
	$_->close for $to, $from;
	my $p = Peer->dial("$n->{ip}:$port", from => '127.0.1.3');
	$p->handshake;
	$p->send_line('{"BlockRequest":4}');
	$p->expect('BlockResponse', 60, pong => 1);
	$p->send_line('{"GetBlocks":[4,4]}');
	$p->expect('BlocksResponse', 60, pong => 1);
	$worst->('served');
	$p->close;
	defined $n->ask($_->[0], $_->[1], 60)->{error} and die "$_->[0] failed"
		for ['getblock', { height => 4 }], ['getblockheader', { height => 4 }],
		['getrawtransaction', { txid => ($n->rows('getblock', { height => 4 }))[0]{tx}[0] }];
	$worst->('getblock, getblockheader, getrawtransaction');
	defined $n->ask('chain', { action => 'export', file => "$dir/out" }, 60)->{error} and die 'export failed';
	unlink "$dir/out";
	$worst->('exported');
	$n->ask('chain', { action => 'rollback', height => 3 }, 60);
	$worst->('taken back');
	$n->stop;
	return;
}

# Three blocks of ours and four others, all large, which were kept beside them until the last one came.
sub reorganised ($what, $first, @args) {
	my $ours  = generate('ours',  '--blocks', $first + 3, "--fork-at $first --branch 1", @args);
	my @other = split /\n/, slurp(generate('other', '--blocks', $first + 4, "--fork-at $first --branch 2", @args));
	my $n     = node();
	import_file($n, $ours);
	my $before = ($n->rows('getbestblockhash'))[0]{hash};
	$n->stop;
	$n->start;
	my $p = Peer->dial("$n->{ip}:$port", from => '127.0.1.1');
	$p->handshake;
	my $last = pop @other;
	$p->send_line(qq({"BlockAnnouncement":$_})) for @other[$first .. $#other];
	wait_until(sub { my ($i) = $n->rows('getblockchaininfo'); $i->{sideblocks} == 3 || $i->{bestblockhash} ne $before },
		60, 'beside the chain');
	$p->send_line(qq({"BlockAnnouncement":$last}));
	wait_until(sub { height($n) == $first + 4 }, 60, 'reorganised');
	sleep 1; # what is written behind
	line($what, length $last, 'bytes of JSON; worst turn of the loop for');
	line('  a reorganisation, three of them deep', sprintf('%.1f ms', $n->status->{loop_worst_us} / 1e3), 'aim: at most 20');
	$p->close;
	$n->stop;
	return;
}

turns('a block of payments', '--txs 4300');
turns('a block of outputs', '--txs 1 --dust 124000');
reorganised('blocks of payments', 2, '--txs 4300');
reorganised('blocks of outputs', 2, '--txs 1 --dust 124000');
pass('measured');
done_testing();
