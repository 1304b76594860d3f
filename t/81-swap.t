#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/81-swap.t - pingpong is upgraded again and again under load: each time a new build, no
# session lost, no message unaccounted, no memory kept
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use NodeTest qw(free_ports run_cmd slurp stage wait_until write_file);
use Peer;

my $src    = $ENV{TN_SRCDIR} // "$FindBin::Bin/..";
my $build  = $ENV{TN_BUILDDIR} // '.';
my $stage  = stage();
my $swaps  = $ENV{TN_SWAPS} || 50;
my $builds = $swaps < 200 ? 10 : 20;
my $work   = tempdir(CLEANUP => 1);

# ---- the builds: other code, another version

sub compile ($version, $to, @more) {
	my @cc = split ' ', $ENV{TN_CC} // 'cc';
	my @san = $ENV{TN_SANITIZED} ? "-fsanitize=$ENV{TN_SANITIZED}" : ();
	my ($code, $out, $err) = run_cmd([@cc, qw(-O1 -fPIC -shared -fvisibility=hidden), @san,
		"-I$src/include", "-I$build/include", qq(-DTN_BUILD="$version"), @more,
		(map { "$src/plugins/pingpong/$_.c" } qw(pingpong handover)), "-L$stage->{libdir}", '-ltimenode', '-o', $to], deadline => 60);
	$code == 0 or BAIL_OUT("cannot compile a build of pingpong: $out$err");
	return $to;
}

my @version = map { "2.$_" } 1 .. $builds;
compile($_, "$work/$_") for @version;
my %bytes = map { slurp("$work/$_") => 1 } @version;
is(scalar(keys %bytes), $builds, "$builds builds, no two alike");

# As an installation does it: a new file takes the name.
sub install ($file) {
	copy($file, "$work/next") or die "$file: $!";
	rename "$work/next", "$work/pingpong.so" or die "rename: $!";
	return;
}

# ---- two nodes, and peers that ask without end

my $port = free_ports();
install("$work/$version[0]");
my @n = map {
	my $me = $_;
	NodeTest->new("node $me", "127.0.0.$me", $port, conf => {
		network => { connect => ['127.0.0.' . (3 - $me) . ":$port"] },
		log     => { repeat => '0s' },
		plugins => { pingpong => { interval => '300ms', $me == 1 ? (path => "$work/pingpong.so") : () } } });
} 1, 2;
$_->start for @n;
my $n = $n[0];
ok($n->wait_log(qr/Starting message loop/), 'the nodes meet');
my @p = map { Peer->dial("127.0.0.1:$port", from => "127.0.0.$_") } 6 .. 9;
$_->handshake for @p;
wait_until(sub { $n->peers == 1 + @p }, 10, 'all sessions');

sub sessions ($n) { return join ' ', sort map { "$_->{ip}:$_->{dir}:$_->{port}" } $n->peers }
sub sane ($n) {
	my $s = $n->status;
	return join ' ', map { $s->{$_} } qw(in out connects ends);
}
my ($before, $counts) = (sessions($n), sane($n));
my $asked = 0;
my %seen;
my ($refused, $wrong, %anon) = (0, 0);

sub shown ($n) { return (grep { $_->{name} eq 'pingpong' } $n->rows('plugins'))[0] // {} }

# A Ping of each peer is under way at each swap: whichever build reads it answers.
sub load_it () {
	$asked++;
	$_->send_json({ Ping => { nonce => $asked, timestamp => 1 } }) for @p;
	return;
}

my $answered = 0;
sub drain () {
	for my $p (@p) {
		my $pong = $p->expect('Pong', 10, pong => 1) // {};
		$answered++ if ($pong->{nonce} // 0) == $asked;
		$p->{skipped} = [];
	}
	return;
}

for my $i (1 .. $swaps) {
	install("$work/$version[$i % $builds]");
	load_it();
	my $a = $n->ask('plugin', { action => 'upgrade', name => 'pingpong' });
	$refused++ if defined $a->{error};
	diag($a->{error}) if defined $a->{error} && $refused < 4;
	drain();
	my $is = shown($n);
	$seen{ $is->{version} }++;
	$wrong++ unless $is->{version} eq $version[$i % $builds] && $is->{state} eq 'running';
	$anon{$i} = $n->memory->{anon} if $i == 100 || $i == $swaps;
	select undef, undef, undef, 0.021; # a peer may ask 50 times a second
}
is($refused, 0, "$swaps upgrades, none refused");
is(scalar(keys %seen), $builds, 'each build has run');
is($wrong, 0, 'each one at its turn');
is(sessions($n), $before, 'the same sessions');
is(sane($n), $counts, 'none ended, none began');
is($answered, @p * $asked, @p . " peers asked $asked times: as many pongs, each by its nonce");
is($n->log_count(qr/took over from/), $swaps, 'the log tells each');
if ($swaps > 100 && !$ENV{TN_SANITIZED}) {
	my $grown = $anon{$swaps} - $anon{100};
	note(sprintf 'memory grew by %.0f KiB from swap 100 to %d', $grown / 1024, $swaps);
	cmp_ok($grown, '<', 1 << 20, "memory grew by less than 1 MiB from swap 100 to $swaps");
}

# ---- every ping of the node itself was matched, also those that one build sent and another heard

my $pings = sub { my $s = $n->status; map { $s->{"pingpong.$_"} } qw(pings_sent pings_matched pings_missed pings_gone pongs_unmatched) };
ok(wait_until(sub { my ($sent, $matched) = $pings->(); $sent > 2 }, 10, 'own pings'), 'the node pinged meanwhile');
$_->close for @p;
wait_until(sub { $n->peers == 1 }, 10, 'the peers have gone');
my @got;
wait_until(sub { @got = $pings->(); $got[0] == $got[1] + $got[2] + $got[3] || $got[0] == 1 + $got[1] + $got[2] + $got[3] }, 10,
	'all pings but one on its way have their fate');
note("sent, matched, missed, gone, unmatched: @got");
# A pong that comes after its ping was called missed is one too many: on a busy machine only.
cmp_ok($got[4], '<=', $got[2], 'no pong came to a build that did not know its ping');
cmp_ok($n->account('out')->{Ping}{sent}, '>=', $got[1], 'the sum of all builds');
is($n->account('out')->{Ping}{offered} - $got[0] <= 1, 1, 'no build lost a count');

# ---- a bad build: the good one runs on

my ($running, $good) = (shown($n)->{version}, $n->status->{'pingpong.pings_matched'});
my @bad = (
	['no plugin at all', sub { write_file("$work/next", 'hello') }, qr/cannot be loaded/],
	['another plugin',   sub { copy("$stage->{plugindir}/peers.so", "$work/next") }, qr/the file says its name is peers/],
	['a start that fails', sub { copy("$build/t/plugins/.libs/swap_start.so", "$work/next") }, qr/start: not this time/],
	['a restore that fails', sub { copy("$build/t/plugins/.libs/swap_restore.so", "$work/next") }, qr/restore: nothing that I know/],
);
for my $bad (@bad) {
	my ($what, $make, $says) = @$bad;
	$make->();
	chmod 0644, "$work/next";
	rename "$work/next", "$work/pingpong.so" or die;
	my ($code, $out, $err) = $n->cli('plugin', 'upgrade', 'pingpong');
	is($code, 1, "$what is refused");
	like($err, $says, 'with the reason');
	is(shown($n)->{version} . ' ' . shown($n)->{state}, "$running running", 'the old build runs on');
}
is(scalar($n->peers), 1, 'the session lives');
ok(wait_until(sub { $n->status->{'pingpong.pings_matched'} > $good }, 10, 'more pongs'), 'and pings go on');
install("$work/$version[1]");
my ($code) = $n->cli('plugin', 'upgrade', 'pingpong');
is("$code " . shown($n)->{version}, "0 $version[1]", 'a good build is taken afterwards');
is(($n->cli('plugin', 'upgrade', 'nonsense'))[0], 1, 'what is not loaded cannot be upgraded');
for my $n (@n) {
	$n->audit_ok;
	$n->stop;
}
done_testing();
