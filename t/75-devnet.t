#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/75-devnet.t - script/devnet against this build: complete, broken, live until Ctrl-C
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use IO::Socket::INET;
use NodeTest qw(free_ports run_cmd stage wait_until slow slurp);
use File::Temp qw(tempdir);

plan skip_all => 'devnet starts its nodes itself: no wrapper' if $ENV{TN_WRAP};
stage();
my $build = $ENV{TN_BUILDDIR} // '.';
my $dir = tempdir(CLEANUP => 1);
my @devnet = ("$FindBin::Bin/../script/devnet", '--stage', "$build/stage", '--deadline', int slow(20));
$ENV{TMPDIR} = $dir; # what it leaves behind is ours

sub pids { return $_[0] =~ /^  node \d  \S+  pid (\d+)$/mg }
sub is_gone ($pid) { return !kill 0, $pid }

# ---- complete

my $port = free_ports();
my ($code, $out, $err) = run_cmd([@devnet, '--once', '--port', $port], deadline => 60);
is($code, 0, '--once: exit code 0') or diag($out, $err);
my @pid = pids($out);
is(scalar(@pid), 4, 'four processes');
like($out, qr/^  node 4  127\.0\.0\.4:$port  /m, 'on the port asked for');
is_deeply([grep { !is_gone($_) } @pid], [], 'none of them is left');
my @row = $out =~ /^(node \d .*)$/mg;
is(scalar(@row), 4, 'a table with a row for each');
my $cell = qr/\d+\.\d\d ms/;
for my $i (1 .. 4) {
	my $want = join '\s+', "node $i", "127\\.0\\.0\\.$i", (map { "in\\s+$cell" } 1 .. $i - 1),
		(map { "out $cell" } $i + 1 .. 4), '\d+ s', 'ok';
	like($row[$i - 1], qr/^$want$/, "node $i is connected to the three others, lower to higher");
}
like($out, qr/^6 of 6 sessions/m, 'six sessions');
is_deeply([glob "$dir/timenode-devnet-*"], [], 'its directory is gone');

# ---- broken: somebody has the port of the third

$port = free_ports();
my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.3', LocalPort => $port, Listen => 1, ReuseAddr => 1)
	or die "listen: $!";
($code, $out, $err) = run_cmd([@devnet, '--once', '--port', $port], deadline => 60);
is($code, 1, 'a taken port: exit code 1');
like($out, qr/^node 3 \(127\.0\.0\.3:$port\) failed: ended with exit code 1$/m, 'the node is named');
like($out, qr/cannot listen on 127\.0\.0\.3:$port: Address already in use: another process has this port/, 'with the reason from its log');
is_deeply([grep { !is_gone($_) } pids($out)], [], 'none is left');
like($out, qr/^The logs stay in (\S+)\.$/m, 'the logs are kept');
ok(-s "$dir/" . ($out =~ /stay in \S*\/([^\/\s]+)\./)[0] . '/3/log', 'where it says');
close $taken;

# ---- live: the table changes when a node dies; Ctrl-C ends it all

$port = free_ports();
my $me = fork // die "fork: $!";
if (!$me) {
	open STDOUT, '>', "$dir/live";
	open STDERR, '>&', \*STDOUT;
	exec @devnet, '--port', $port or POSIX::_exit(127);
}
my $alive = sub { return waitpid($me, POSIX::WNOHANG()) == 0 };
ok(wait_until(sub { slurp("$dir/live") =~ /^6 of 6 sessions/m }, 30, 'a whole mesh'), 'live: a whole mesh');
@pid = pids(slurp("$dir/live"));
kill 'KILL', $pid[3];
ok(wait_until(sub { slurp("$dir/live") =~ /^3 of 6 sessions/m }, 30, 'the loss'), 'a killed node is missed');
like(slurp("$dir/live"), qr/^node 4 .*killed by signal 9$/m, 'and its end shown');
ok($alive->(), 'it goes on');
kill 'INT', $me;
ok(wait_until(sub { waitpid($me, POSIX::WNOHANG()) == $me }, 20, 'its end'), 'Ctrl-C ends it')
	? is($? >> 8, 0, 'with exit code 0')
	: kill('KILL', $me, @pid);
is_deeply([grep { !is_gone($_) } @pid], [], 'and all its nodes');

is((run_cmd([@devnet, '--nonsense']))[0], 2, 'a wrong option is 2');
isnt((run_cmd([$devnet[0], '--stage', $dir, '--once']))[0], 0, 'a stage without an installation is refused');
done_testing();
