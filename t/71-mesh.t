#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/71-mesh.t - four real processes: six sessions that stay, one that dies and comes back
#
# TN_SOAK_MINUTES=n watches for that long at the real ping interval (make soak); else half
# a minute at one ping a second.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use List::Util qw(max sum0);
use NodeTest qw(mesh_nodes wait_until slow);
use Time::HiRes qw(time sleep);

my $soak    = $ENV{TN_SOAK_MINUTES};
my $seconds = $soak ? 60 * $soak : 30;
my $more    = { plugins => { pingpong => { interval => $soak ? '30s' : '1s' } } };
my @node    = mesh_nodes(4, conf => $more);

# What each node sees as "direction address node_id", own lines only.
sub view ($n) { return join ' ', sort map { "$_->{dir}:$_->{ip}:$_->{node_id}" } $n->peers }
sub whole () { return 12 == grep { 1 } map { $_->peers } @node }

sub total ($way, $message, $column) {
	return sum0 map { $_->account($way)->{$message}{$column} // 0 } @node;
}

# ---- the start

my $first = time;
$_->spawn for @node;
my $last = time;
cmp_ok($last - $first, '<', 1, 'four starts within a second');
ok(wait_until(\&whole, 20, 'six sessions'), 'six sessions');

my (@up, @took);
for my $n (@node) {
	my %begun;
	for my $line ($n->log_lines) {
		$begun{$1} = NodeTest::log_time($line) if $line =~ /\[OUTBOUND\] Connected to peer: ([\d.]+)/;
		next unless $line =~ /(\[\w+\]) Handshake completed with ([\d.]+)/;
		push @up, NodeTest::log_time($line);
		push @took, NodeTest::log_time($line) - $begun{$2} if $1 eq '[OUTBOUND]';
	}
}
is(scalar(@took), 6, 'six dialers tell of their handshake');
cmp_ok(max(@took), '<', slow(1), 'each from connect to up in less than a second');
cmp_ok(max(@up) - $last, '<', slow(2), 'all up within two seconds of the last start');
diag(sprintf 'connect to up: at most %.3f s; all up %.3f s after the last start', max(@took), max(@up) - $last);

for my $i (0 .. 3) {
	my ($n, $s) = ($node[$i], $node[$i]->status);
	my %dir = map { $_->{ip} => $_->{dir} } $n->peers;
	my %want = map { $node[$_]{ip} => $i < $_ ? 'out' : 'in' } grep { $_ != $i } 0 .. 3;
	is_deeply(\%dir, \%want, "$n->{name}: the lower address is the dialer");
	is($s->{connects}, 3 - $i, "$n->{name}: no dial too many");
	is($s->{accepted}, $i, "$n->{name}: nor one accepted");
	is($n->log_count(qr/Initiating connection .*\(we have lower IP\)/) > 0, $i < 3, "$n->{name}: and says why");
	is($n->log_count(qr/Waiting for connection .*\(they have lower IP\)/), $i, "$n->{name}: waits for the lower ones");
}

# ---- the words that operators know, of each session at both ends

for my $i (0 .. 3) {
	my $n = $node[$i];
	for my $j (grep { $_ != $i } 0 .. 3) {
		my ($ip, $out) = ($node[$j]{ip}, $i < $j);
		my $port = $out ? $node[$j]{port} : 'N'; # they dial from any
		my @want = map { 'info net ' . ($out ? '[OUTBOUND]' : '[INBOUND]') . " $_" } $out ? "Connected to peer: $ip:$port" : "Accepting inbound connection from $ip:N",
			"Handshake completed with $ip", "Starting message loop for $ip (port: $port)";
		my @have = map { s/^\S+ //r } $n->log_lines(qr/(?:Connected to peer:|Accepting inbound connection from|Handshake completed with|Starting message loop for) \Q$ip\E\b/);
		@have = map { s/(\Q$ip\E:|port: )\d+/$1N/r } @have unless $out;
		is_deeply(\@have, \@want, "$n->{name}: the words for the session with $node[$j]{name}");
	}
}

# ---- the watch

my @before = map { { view => view($_), status => $_->status, lines => $_->log_count } } @node;
my ($begun, $end) = (time, time + $seconds);
my $whole = 1;
while (time < $end && $whole) {
	sleep($end - time < 1 ? max(0.01, $end - time) : 1); # this is the watch itself
	$whole &&= $node[$_]->alive && view($node[$_]) eq $before[$_]{view} for 0 .. 3;
}
my $watched = time - $begun;
ok($whole, sprintf 'the same six sessions after %.0f s', $watched);
for my $i (0 .. 3) {
	my ($n, $was, $now) = ($node[$i], $before[$i]{status}, $node[$i]->status);
	is($now->{$_}, $was->{$_}, "$n->{name}: $_ as before") for qw(connects accepted ends dials);
	is($now->{handshake_failures}, 0, "$n->{name}: no handshake failed");
	diag(sprintf '%s: %.2f dials a minute, %.1f log lines an hour and peer, %.2f%% of a processor', $n->{name},
		60 * ($now->{dials} - $was->{dials}) / $watched,
		3600 * ($n->log_count - $before[$i]{lines}) / $watched / 3, 100 * $n->cpu / $watched);
}

# ---- the pings, at a moment when none is under way

sub quiet ($n) {
	my ($out, $in) = ($n->account('out'), $n->account('in'));
	return $out->{Ping}{offered} == $in->{Pong}{received} && $in->{Ping}{received} == $out->{Pong}{offered};
}
my $still = wait_until(sub { 4 == grep { quiet($_) } @node }, 10, 'no ping under way');
ok($still, 'each node: a Pong in for each Ping out, a Pong out for each Ping in');
ok(wait_until(sub { total('out', $_, 'sent') == total('in', $_, 'handled') }, 10, "$_ balances"),
	"all nodes: every $_ sent by one was handled by another") for qw(Ping Pong GetPeers PeersResponse);
for my $n (@node) {
	my $s = wait_until(sub { my $s = $n->status; $s->{'pingpong.pings_sent'} == $s->{'pingpong.pings_matched'} ? $s : 0 },
		10, "$n->{name}: every ping is matched");
	cmp_ok($s->{'pingpong.pings_matched'}, '>=', 3 * ($soak ? max(1, $soak) : 10), "$n->{name}: every ping matched");
	is($s->{"pingpong.$_"}, 0, "$n->{name}: $_") for qw(pings_missed pongs_unmatched);
	$n->audit_ok;
}

# ---- one dies without a word, and comes back

my $victim = $node[1];
my %old = map { $_->{node_id} => 1 } grep { $_->{ip} eq $victim->{ip} } map { $_->peers } @node[0, 2, 3];
is(scalar(keys %old), 1, 'the others know it by one node_id');
$victim->kill9;
ok(wait_until(sub { 6 == grep { 1 } map { $_->peers } @node[0, 2, 3] }, 10, 'the others notice'), 'killed: the others notice');
$begun = time;
$victim->start;
ok(wait_until(\&whole, 30, 'six sessions again'), 'restarted: six sessions again');
diag(sprintf 'whole again %.2f s after the restart', time - $begun);
for my $n (@node) {
	my @rows = $n->rows('peers');
	is(scalar(@rows), 3, "$n->{name}: no double is left") or diag(explain(\@rows));
	is(scalar(grep { $old{ $_->{node_id} } } @rows), 0, "$n->{name}: none with the dead process");
	$n->audit_ok;
}

# ---- the end

kill 'TERM', map { $_->{pid} } @node;
for my $n (@node) {
	is($n->ended, 0, "$n->{name}: SIGTERM ends it with 0");
	like($n->log_text, qr/audit: every message accounted for.*Stopped/s, "$n->{name}: and nothing is missing");
}
done_testing();
