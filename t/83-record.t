#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/83-record.t - a running node is recorded, and timenode-replay reaches the same counters;
# a recording that was tampered with, or a node that is another one, is told apart
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use File::Temp qw(tempdir);
use JSON::PP;
use POSIX ();
use NodeTest qw(free_ports mesh_nodes run_cmd slow slurp stage wait_until write_file);
use Peer;

my $replay = stage()->{bindir} . '/timenode-replay';
my $dir    = tempdir('timenode-record-XXXXXX', TMPDIR => 1, CLEANUP => !$ENV{TN_KEEP});
my @wrap   = split ' ', $ENV{TN_WRAP} // '';

# (exit code, stdout, stderr)
sub replay (@args) {
	return run_cmd([@wrap, $replay, @args], env => { LD_LIBRARY_PATH => stage()->{libdir} }, deadline => 120);
}

sub replays_the_same ($file, $what) {
	my ($code, $out, $err) = replay($file);
	is($code, 0, "$what: replayed the same") or diag($out . $err);
	return $out;
}

sub record ($n, @args) {
	my ($code, $out, $err) = $n->cli('record', @args);
	is($code, 0, "$n->{name}: record $args[0]") or diag($out . $err);
	return $out;
}

# The recording runs: it begins between two turns.
sub start ($n, $file, @more) {
	my $mark = $n->mark;
	record($n, 'start', $file, @more);
	return $n->wait_log(qr/ record Recording to /, 10, since => $mark);
}

sub stop ($n) {
	my $mark = $n->mark;
	record($n, 'stop');
	return $n->wait_log(qr/ record Recording .* ended/, 10, since => $mark);
}

sub up ($n, $count) {
	return wait_until(sub { my @up = $n->peers; @up == $count }, 20, "$n->{name}: $count sessions");
}

sub received ($n, $name, $count) {
	return wait_until(sub { ($n->account('in')->{$name}{received} // 0) >= $count }, 20,
		"$n->{name}: $count of $name");
}

# ---- three nodes, in the middle of their lives

my ($n, @other) = mesh_nodes(3, conf => { plugins => { pingpong => { interval => '300ms', max_missed => 100 } },
	network => { passive_wait => '1s' } });
$_->start for $n, @other;
up($n, 2);
my $old = Peer->dial("$n->{ip}:$n->{port}", from => '127.0.2.1');
$old->handshake;
$old->send_raw('{"Ping":{"nonce":1,"ti');    # the recording begins in the middle of a line
received($n, 'Pong', 4);

my $file = "$dir/middle.tnr";
start($n, $file);
is(sprintf('%04o', (stat $file)[2] & 07777), '0600', 'the file is for its owner only');
my ($row) = @{ $n->cli_json('record', 'status') };
is($row->{state}, 'recording', 'record status: it runs');
is($row->{file}, $file, 'record status: into this file');
my ($code, $out, $err) = $n->cli('record', 'start', "$dir/second.tnr");
is($code, 1, 'a second one at a time is refused');
like($err, qr/runs already/, '... and says why');

my $pings = $n->account('in')->{Ping}{received};
$old->send_raw("mestamp\":7}}\n");
received($n, 'Ping', $pings + 1);

# Hostile lines, from one that was there before and one that comes now.
my @hostile = ('', '{"Ping":{"nonce":"none","timestamp":1}}', '{"NobodyKnowsIt":{}}', '{"Pong":{"nonce":5,"timestamp":1}}',
	'{"BlockVote":1}', 'no message at all', '{"Ping":' . '[' x 200);
my $new = Peer->dial("$n->{ip}:$n->{port}", from => '127.0.2.2');
$new->handshake;
for my $p ($old, $new) {
	$p->send_raw(join '', map { "$_\n" } @hostile);
	$p->send_raw('{"Ping":{"nonce":', '987654321,"timest', "amp\":1}}\n");
}
my $bad = Peer->dial("$n->{ip}:$n->{port}", from => '127.0.2.3');
$bad->send_raw("\xff\xfe not UTF-8\n");
my $silent = Peer->dial("$n->{ip}:$n->{port}", from => '127.0.2.4'); # no handshake
wait_until(sub { ($n->account('in')->{'?'}{unknown} // 0) >= 2 }, 20, 'unknown names were counted');

# A connection is cut, and comes again.
my $mark = $n->mark;
$old->reset;
$n->wait_log(qr/ Connection closed with 127\.0\.2\.1/, 10, since => $mark);
$other[0]->kill9;
wait_until(sub { my @up = grep { $_->{ip} =~ /^127\.0\.0\./ } $n->peers; @up == 1 }, 20, 'one node less');
$other[0]->start;
wait_until(sub { my @up = grep { $_->{ip} =~ /^127\.0\.0\./ } $n->peers; @up == 2 }, 30, 'and it is back');
is(($n->cli('ban', '127.0.9.9', '1h', 'a test'))[0], 0, 'an operator bans somebody');
my $pongs = $n->account('in')->{Pong}{received};
received($n, 'Pong', $pongs + 6);
$n->audit_ok;
like(stop($n), qr/ended, by command: \d+ turns, \d+ bytes/, 'the log says how much it is');
($code, $out, $err) = $n->cli('record', 'stop');
is($code, 1, 'nothing is left to stop');

$out = replays_the_same($file, 'the middle');
like($out, qr/^counters: [1-9]\d+ recorded, [1-9]\d+ replayed$/m, 'many counters') or diag($out);
like($out, qr/ended: by command$/m, 'how it ended');
($code, $out) = replay('-v', $file);
like($out, qr/ Connection closed with 127\.0\.2\.1/, 'the replayed node logs what the recorded one did');
like($out, qr/^  127\.0\.2\.1 in Ping malformed\s+1$/m, 'hostile lines are counted') or diag($out);
like($out, qr/^  127\.0\.2\.1 in BlockVote refused\(no-owner\)\s+1$/m, '... each with its fate');

# ---- what must not pass for the same

($code, $out) = replay('--without', 'pingpong', $file);
is($code, 1, 'without a plugin it differs');
like($out, qr/^first difference: entry \d+, \d+\.\d+ s after the beginning: .*/m, 'the first difference has its place');
like($out, qr/^differs: 127\.0\.0\.\d \w+ Ping handled: recorded [1-9]\d*, replayed 0$/m, 'and so has each counter') or diag($out);


# One byte of the bytes that came in is another one, and the checksum is made right by the
# test's own program.
sub tampered ($file, $to, $pattern, $offset, $byte) {
	my ($code, $out, $err) = run_cmd([($ENV{TN_BUILDDIR} // '.') . '/t/record-tamper', $file, $to, $pattern, $offset, $byte]);
	is($code, 0, "a recording with another byte behind $pattern") or diag($err);
	return $to;
}
($code, $out) = replay(tampered($file, "$dir/tampered.tnr", '987654321,"timest', 0, '8'));
is($code, 1, 'another nonce came in: it differs');
like($out, qr/^first difference: .*the node sends to peer 127\.0\.2\.\d(?::\d+)?: .*"nonce":887654321.* recorded is: .*"nonce":987654321/m,
	'peer and message of the first difference') or diag($out);

# ---- damaged files

my $whole = slurp($file);
for my $at (3, 13, 16, 20, 30, length($whole) / 2, length($whole) - 1) {
	my $damaged = $whole;
	substr($damaged, $at, 1) = chr(ord(substr $damaged, $at, 1) ^ 4);
	write_file("$dir/damaged.tnr", $damaged);
	($code, $out, $err) = replay("$dir/damaged.tnr");
	is($code, 2, "byte $at is another one: not replayed");
	like($err, qr/damaged|no recording|format/, "... $err" =~ s/\n.*//sr);
}
write_file("$dir/cut.tnr", substr $whole, 0, length($whole) - 5);
($code, $out, $err) = replay("$dir/cut.tnr");
is($code, 0, 'the end is missing: the rest is replayed') or diag($out . $err);
like($out, qr/cut off/, 'and it says so');
($code, $out, $err) = replay("$dir/nowhere.tnr");
is($code, 2, 'no file');
is((replay('--nonsense'))[0], 2, 'usage');

# ---- a kill leaves a file that is good up to there; from the first moment on

my $k = NodeTest->new('node 4', '127.0.0.4', $n->{port}, conf => { plugins => { pingpong => { interval => '200ms' } },
	network => { connect => ["$n->{ip}:$n->{port}"], dial_rule => 'any' } });
push @{ $k->{args} }, '--record', "$dir/first.tnr";
$k->start;
up($k, 1);
received($k, 'Pong', 15); # seconds: the file is written once a second
wait_until(sub { -s "$dir/first.tnr" > 3000 }, 20, 'it is written meanwhile');
$k->kill9;
($code, $out, $err) = replay("$dir/first.tnr");
is($code, 0, 'killed: the good part is replayed') or diag($out . $err);
like($out, qr/cut off/, 'and it says so');
$k->spawn; # the file is there already
is($k->ended, 1, 'a file that is there is not written over');
delete $k->{status};

# ---- it ends by itself

my $bound = "$dir/bound.tnr";
start($n, $bound, '1M');
my $flood = Peer->dial("$n->{ip}:$n->{port}", from => '127.0.2.5');
$flood->handshake;
my $long = '{"NobodyKnowsIt":"' . 'x' x 30_000 . "\"}\n";
$mark = $n->mark;
$flood->send_raw($long) for 1 .. 40;
$n->wait_log(qr/ record Recording .* ended, it is full/, 20, since => $mark);
cmp_ok(-s $bound, '<', 1.2 * 1024 * 1024, 'a full one is not much larger than its bound');
like(replays_the_same($bound, 'the full one'), qr/ended: it is full$/m, 'and it says why it ended');
($row) = @{ $n->cli_json('record', 'status') };
is($row->{state}, 'off', 'record status: it is over');

# ---- it begins while somebody sends without an end

my $busy = Peer->dial("$n->{ip}:$n->{port}", from => '127.0.2.7');
$busy->handshake;
my $flooder = fork // die "fork: $!";
if (!$flooder) {
	my $pings = join '', map { qq({"Ping":{"nonce":$_,"timestamp":1}}\n) } 1 .. 5000;
	local $SIG{ALRM} = sub { POSIX::_exit(0) }; # nobody else would end it
	alarm slow(60);
	$busy->{sock}->blocking(1);
	1 while syswrite $busy->{sock}, $pings;
	POSIX::_exit(0);
}
received($n, 'Ping', 20_000);
$mark = $n->mark;
start($n, "$dir/flood.tnr", '8M');
$n->wait_log(qr/ record Recording .*flood.* ended, it is full/, 40, since => $mark);
kill 'KILL', $flooder;
waitpid $flooder, 0;
$busy->close;
replays_the_same("$dir/flood.tnr", 'the flood');
$n->audit_ok;

# ---- the node ends, with a recording that runs

start($n, "$dir/last.tnr");
my $last = Peer->dial("$n->{ip}:$n->{port}", from => '127.0.2.6');
$last->handshake;
ok($_->stop, "$_->{name} ends") for $n, @other;
like(replays_the_same("$dir/last.tnr", 'the last one'), qr/ended: the node stops$/m, 'ended with the node');
done_testing();
