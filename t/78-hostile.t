#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/78-hostile.t - bad input over real sockets, while another peer pings all the time
#
# Three nodes: `calm` with the default whitelist (127.0.0.0/8 is never closed or banned by
# points), where lines and attacks are repeated; `strict` with an empty whitelist, where
# points count; `poor` with few descriptors. Every attack comes from an address of its own.
# The ratio of round trips, attacked to idle, is printed; an unanswered ping fails.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Hostile qw(fates diff_fates next_fate sum_of vectors);
use JSON::PP;
use NodeTest qw(free_ports wait_until slow);
use Peer;
use Time::HiRes qw(time sleep);

local $SIG{PIPE} = 'IGNORE';
my $exact_memory = !$ENV{TN_WRAP} && !$ENV{TN_SANITIZED}; # else the allocator keeps its own books
my $MIB = 1 << 20;
my $build = $ENV{TN_BUILDDIR} // '.';
my %own = map { $_ => 1 } qw(Handshake Ack Version Ping Pong GetPeers PeersResponse);
my %known = map { $_->{name} => 1 } vectors('messages.jsonl');

my $second = int(slow(1)) . 's';
my $calm = NodeTest->new('calm', '127.0.0.1', free_ports(), conf => {
	plugins => { generous => { path => "$build/t/plugins/.libs/generous.so" }, pingpong => { interval => $second } },
	sessions => { handshake_timeout => $second, stall => $second, line_max => '1M', queue_session => '4M' } })->start;
my $at = "$calm->{ip}:$calm->{port}";

sub dial ($from, $node = $calm, %opt) { return Peer->dial("$node->{ip}:$node->{port}", from => $from, %opt) }

sub session ($from, $node = $calm, %opt) {
	my $p = dial($from, $node, %opt) // return;
	$p->handshake;
	return $p;
}

# ---- bad-lines.jsonl: the verdict of the inbound side

# "known", "?" or "-": what the envelope of a line is, judged by another JSON reader.
sub envelope ($bytes) {
	return '-' if $bytes !~ /\A\s*[{"]/; # (ten thousand brackets take JSON::PP seconds)
	my $v = eval { JSON::PP->new->utf8->allow_nonref->max_depth(100_000)->decode($bytes) };
	my $name = ref $v eq 'HASH' && keys %$v == 1 ? (keys %$v)[0] : defined $v && !ref $v && $bytes =~ /^\s*"/ ? $v : return '-';
	return $known{$name} ? $name : '?';
}

# What the account may show for the line: a list of [message, fate].
sub verdicts ($v) {
	my ($named) = $v->{bytes} =~ /\A\s*\{?\s*"(\w+)"/;
	return ['-', 'refused(utf8)'] if $v->{verdict} eq 'connection_closed';
	if ($v->{verdict} eq 'accept') {
		return [$v->{name}, $own{ $v->{name} } ? 'handled' : 'refused(no-owner)'];
	}
	return ['-', 'refused(blank)'] if $v->{bytes} =~ /\A[ \t\r]*\z/;
	return ['?', 'unknown'] if envelope($v->{bytes}) eq '?';
	return ['-', 'malformed'] if !defined $named || !$known{$named};
	return (['-', 'malformed'], [$named, 'malformed']) if $own{$named};
	return (['-', 'malformed'], [$named, 'refused(no-owner)']); # a body that nobody reads
}

my (%judged, $unread);
for my $v (vectors('bad-lines.jsonl')) {
	my $what = substr $v->{bytes} =~ s/[^ -~]/./gr, 0, 60;
	my @may = verdicts($v); # first: deep nesting takes the Perl reader seconds
	my $first = $v->{bytes} =~ /"Handshake"/; # a question only before the handshake
	my $p = $first ? dial('127.0.0.10') : session('127.0.0.10');
	my $was = fates($calm, '127.0.0.10');
	$p->send_raw("$v->{bytes}\n");
	my $got = next_fate($calm, '127.0.0.10', $was);
	my ($hit) = grep { eq_hash($got, { $_->[0] => { received => 1, $_->[1] => 1 } }) } @may;
	ok($hit, "$v->{verdict}: $what") or diag(explain([$got, \@may]));
	$judged{ $v->{verdict} }++;
	$unread++ if $hit && $v->{verdict} eq 'reject' && $hit->[1] eq 'refused(no-owner)';
	if ($v->{verdict} eq 'connection_closed') {
		is($p->ended, 'end', 'and the connection is closed');
		next;
	}
	$p->handshake if $first;
	ok($p->ping, 'the session goes on (whitelisted: points do not close it)') or diag($p->{eof} // 'no answer');
}
is_deeply(\%judged, { accept => 59, reject => 176, connection_closed => 12 }, 'all lines were judged')
	or diag(explain(\%judged));
diag("bad-lines: $unread rejected bodies belong to messages without an owner here, and are not read");

# ---- streams.jsonl, whole and byte by byte; the end of the stream ends the last line

sub as_verdict ($message, $fate) {
	return 'connection_closed' if $fate eq 'refused(utf8)';
	return $message eq '-' || $message eq '?' || $fate eq 'malformed' ? 'reject' : 'accept';
}

for my $v (vectors('streams.jsonl')) {
	for my $cut (10_000, 1) {
		my $p = session('127.0.0.11');
		my $was = fates($calm, '127.0.0.11');
		my @want = @{ $v->{verdicts} };
		$p->send_raw($v->{bytes} =~ /(.{1,$cut})/gs);
		$p->half_close;
		my $got = next_fate($calm, '127.0.0.11', $was, scalar @want);
		my (%is, %want);
		$want{$_}++ for @want;
		for my $m (keys %$got) {
			$is{ as_verdict($m, $_) } += $got->{$m}{$_} for grep { $_ ne 'received' } keys %{ $got->{$m} };
		}
		is_deeply(\%is, \%want, "$v->{case}, " . ($cut > 1 ? 'whole' : 'byte by byte')) or diag(explain($got));
		ok($p->ended, 'the node ends it too');
	}
}

# ---- attacks

my ($other, $rest); # the peer that behaves; memory before
my $address = 20;

sub mib ($bytes) { return sprintf '%.2f MiB', $bytes / $MIB }

# Sockets that stay open until the end of the attack.
my @open;
sub hold ($p) { push @open, $p; return $p }

sub back_to_rest ($node, $before, $what) {
	my $now = $node->memory->{anon};
	if ($exact_memory) {
		ok(wait_until(sub { ($now = $node->memory->{anon}) <= $before + 2 * $MIB }, 15, "$what: memory is given back"),
			"$what: memory in use is back within 2 MiB");
	}
	diag(sprintf '%-34s memory %s -> %s', $what, mib($before), mib($now));
	return;
}

# attack($what, $sub, $wants): `sub` gets the address and is called for a second; `wants` is
# the account of that address for so many calls.
sub attack ($what, $sub, $wants, %opt) {
	my $ip = '127.0.0.' . $address++;
	my $before = $calm->memory->{anon};
	my $mark = $calm->mark;
	my $n = $other->during($what, sub ($i) { $sub->($ip) }, $opt{seconds} // 1, $opt{max} // 1e9);
	my $expect = $wants->($n);
	my $got;
	wait_until(sub { eq_hash($got = without(fates($calm, $ip), $opt{except}), $expect) }, 5, "$what: fates");
	is_deeply($got, $expect, "$what: each has its fate");
	ok($calm->wait_log($opt{log}, 10, since => $mark), "$what: the reason is in the log") if $opt{log};
	$opt{after}->($ip, $n) if $opt{after};
	$_->close for splice @open;
	wait_until(sub { !grep { $_->{ip} eq $ip } $calm->rows('peers') }, 10, "$what: its sessions are gone");
	back_to_rest($calm, $rest, $what);
	return;
}

# Fates whose figures are left to the attack itself.
sub without ($f, $except) {
	delete $f->{Pong}; # the node pings too
	for my $m (grep { $except && !/^Handshake$/ } keys %$f) {
		delete $f->{$m}{$_} for grep { $_ =~ $except } keys %{ $f->{$m} };
	}
	return $f;
}

sub shook ($n) { return (Handshake => { received => $n, handled => $n }) }
sub refused ($n, $why) { return { received => $n, "refused($why)" => $n } }

# A session whose node has said what it had to say is closed without a reset.
sub done ($p) { $p->half_close; $p->ended; $p->close; return }

$other = Hostile->pinger($calm, '127.0.0.2');
$other->idle;
$rest = $calm->memory->{anon};

attack('lines over their limit', sub ($ip) {
	my $p = session($ip);
	$p->send_line('{"Ping":{"nonce":1,"timestamp":2,"x":"' . ('a' x 70_000) . '"}}');
	ok($p->ping, 'the next line is read') or die;
	done($p);
}, sub ($n) { +{ shook($n), Ping => { received => 2 * $n, 'refused(size)' => $n, handled => $n } } });

attack('lines over line_max', sub ($ip) {
	my $p = session($ip);
	$p->send_raw('{"Unsubscribe":"' . ('a' x 1_100_000) . "\"}\n");
	$p->ended;
	$p->close;
}, sub ($n) { +{ shook($n), '-' => refused($n, 'oversize') } }, log => qr/a line over sessions\.line_max/);

attack('a message without end', sub ($ip) {
	my $p = hold(session($ip));
	$p->send_raw('{"Ping":{"nonce":1,"x":"' . ('a' x 3_000_000));
}, sub ($n) { +{ shook($n), Ping => refused($n, 'size') } }, max => 50);

attack('noise without end', sub ($ip) {
	my $p = hold(session($ip));
	$p->send_raw('x' x 3_000_000);
}, sub ($n) { +{ shook($n), '-' => { received => $n, malformed => $n } } }, max => 50);

attack('many half lines at once', sub ($ip) {
	my @p = map { session($ip) } 1 .. 20;
	$_->send_raw('{"Unsubscribe":"' . ('a' x 500_000)) for @p;
	done($_) for @p;
}, sub ($n) { +{ shook(20 * $n), '-' => refused(20 * $n, 'cut') } });

attack('many small half lines', sub ($ip) {
	my @p = map { session($ip) } 1 .. 100;
	$_->send_raw('{"Unsubscribe":"' . ('a' x 60_000)) for @p;
	done($_) for @p;
}, sub ($n) { +{ shook(100 * $n), '-' => refused(100 * $n, 'cut') } });

attack('a flood before the handshake', sub ($ip) {
	my $p = dial($ip);
	$p->send_raw('x' x 50_000);
	$p->ended;
	$p->close;
}, sub ($n) { +{ '-' => refused($n, 'oversize') } }, log => qr/more than 4096 bytes before the handshake/);

attack('blank lines before the handshake', sub ($ip) {
	my $p = dial($ip);
	$p->send_raw("\n" x 5_000);
	$p->ended;
	$p->close;
}, sub ($n) { +{ '-' => refused($n, 'oversize') } }, log => qr/more than 4096 bytes before the handshake/);

attack('blank lines in a session', sub ($ip) {
	my $p = session($ip);
	$p->send_raw("\n" x 20_000);
	done($p);
}, sub ($n) { +{ shook($n), '-' => refused(20_000 * $n, 'blank') } });

attack('a message before the handshake', sub ($ip) {
	my $p = dial($ip);
	$p->send_line('"GetPeers"');
	$p->ended;
	$p->close;
}, sub ($n) { +{ GetPeers => refused($n, 'handshake') } }, log => qr/it sent GetPeers before the handshake/);

attack('the old binary protocol', sub ($ip) {
	my $p = dial($ip);
	$p->send_line('~W~M1234');
	$p->ended;
	$p->close;
}, sub ($n) { +{ '-' => { received => $n, malformed => $n } } }, log => qr/old protocol detected/);

attack('NUL bytes', sub ($ip) {
	my $p = session($ip);
	$p->send_raw("\0\0\0\n", qq({"Ping":{"nonce":1,"timestamp":2}}\0\n), qq({"Pi\0ng":{"nonce":1,"timestamp":2}}\n));
	done($p);
}, sub ($n) { +{ shook($n), '-' => { received => 3 * $n, malformed => 3 * $n } } });

attack('bytes that are not UTF-8', sub ($ip) {
	my $p = session($ip);
	$p->send_raw("\xff\xfe\xfd\n");
	$p->ended;
	$p->close;
}, sub ($n) { +{ shook($n), '-' => refused($n, 'utf8') } }, log => qr/it sent bytes that are not UTF-8/);

# Five answers a second are given; all others are refused, and none costs the session.
attack('requests without end', sub ($ip) {
	my $p = session($ip);
	$p->send_raw(qq("GetPeers"\n) x 5_000);
	done($p);
}, sub ($n) { +{ shook($n), GetPeers => { received => 5_000 * $n } } }, except => qr/handled|rate/, after => sub ($ip, $n) {
	my $f = fates($calm, $ip)->{GetPeers};
	is($f->{handled} + $f->{'refused(rate)'}, 5_000 * $n, 'answered or refused for their rate');
	cmp_ok($f->{handled}, '>=', 5 * $n, 'the first five of each session are answered');
	cmp_ok($f->{handled}, '<', 50 * $n, 'and hardly more');
});

# ---- half-open peers

attack('connected and silent', sub ($ip) {
	hold(dial($ip)) for 1 .. 20;
	sleep 0.1;
}, sub ($n) { +{} }, max => 5, log => qr/no handshake within \d+ s/, after => sub ($ip, $n) {
	is($_->ended, 'end', 'closed by the node') for @open;
});

attack('half a handshake and silent', sub ($ip) {
	hold(dial($ip))->send_raw('{"Handshake":{"magic":[84,73,') for 1 .. 20;
	sleep 0.1;
}, sub ($n) { +{} }, max => 5, log => qr/no handshake within \d+ s/, after => sub ($ip, $n) {
	is($_->ended, 'end', 'closed by the node') for @open;
});

attack('silent in a session', sub ($ip) {
	my ($mute, $half) = (hold(session($ip, $calm, listen_port => 1)), hold(session($ip)));
	$half->send_raw('{"Ping":{"nonce":1,');
	is($_->ended, 'end', 'closed by the node') for $mute, $half;
	$_->close for $mute, $half;
	my ($row) = grep { ($_->{reason} // '') eq 'pings stayed unanswered' } $calm->rows('why', { ip => $ip });
	ok($row, 'why says that pings stayed unanswered');
}, sub ($n) { +{ shook(2 * $n) } }, log => qr/Peer unresponsive, disconnecting/);

# ---- numbers

attack('1,000 connects from one address', sub ($ip) {
	my ($was, $begun) = ($calm->status, time);
	for my $i (1 .. 1000) { hold(dial($ip, $calm, quiet => 1) // next) }
	wait_until(sub { $calm->status->{accepted} - $was->{accepted} == 1000 }, 5, 'all are looked at');
	my $now = $calm->status;
	# There are 144 places; a silent one leaves its place after the time for a handshake.
	my $turns = 1 + int((time - $begun) / int(slow(1)));
	cmp_ok(1000 - ($now->{refused} - $was->{refused}), '<=', 144 * $turns, "all that find no place are refused at once ($turns)");
	$_->ended for @open;
}, sub ($n) { +{} }, seconds => 0, log => qr/Refusing 127\.0\.0\.\d+:\d+: full/);

# ---- somebody who asks and never reads

# 64 KiB for each line of a few bytes: the queue is bounded, then no progress ends it.
attack('a reader that never reads', sub ($ip) {
	my $p = hold(session($ip));
	$p->send_raw(qq("GetMasternodes"\n) x 500);
}, sub ($n) { +{ shook($n), GetMasternodes => { received => 500 * $n, handled => 500 * $n } } }, max => 3,
	log => qr/it took none of our bytes for \d+ s/, after => sub ($ip, $n) {
	wait_until(sub { !grep { $_->{ip} eq $ip } $calm->rows('peers') }, 10, 'all are given up');
	my ($row) = grep { $_->{ip} eq $ip && $_->{message} eq 'MasternodesResponse' } $calm->rows('audit');
	is($row->{offered}, 500 * $n, 'each has been answered');
	cmp_ok($row->{refused}{full}, '>', 0, 'answers that found the queue full are refused(full)');
	cmp_ok($row->{discarded}, '>', 0, 'what lay in it at the end is discarded');
	is($row->{sent} + $row->{refused}{full} + $row->{discarded}, 500 * $n, 'and that is all');
});

$calm->audit_ok;
my $cli = $calm->cli_json('audit');
my %in_cli;
for (@{ $cli // [] }) { $in_cli{"$_->{ip} $_->{message}"} = $_ if exists $_->{received} }
is($in_cli{'127.0.0.20 Ping'}{refused}{size} > 0, 1, 'audit --json tells message, fate and reason');
$other->end;
$calm->stop;

# ---- where points count

my $strict = NodeTest->new('strict', '127.0.0.1', free_ports(), conf => {
	score => { half_life => '30d' }, # of a slow run too none decays on the way
	network => { whitelist => [] }, plugins => { pingpong => { interval => '600s' } } })->start;
$other = Hostile->pinger($strict, '127.0.0.2');
$other->idle;
$rest = $strict->memory->{anon};

# Sends a line again and again until the session is closed; how many were counted.
sub until_closed ($ip, $line, $fate, $message) {
	my $p = session($ip, $strict) // return;
	my $was = fates($strict, $ip);
	$p->send_raw("$line\n" x 40);
	$p->ended;
	$p->close;
	my $new = diff_fates($was, fates($strict, $ip));
	is_deeply([keys %$new], [$message], 'nothing else is counted') or diag(explain($new));
	return $new->{$message}{$fate};
}

my $oversize = '{"Ping":{"nonce":1,"timestamp":2,"x":"' . ('a' x 66_000) . '"}}';
$other->during('points', sub ($i) {
	is(until_closed('127.0.0.60', $oversize, 'refused(size)', 'Ping'), 5, 'the fifth line over its limit closes: 20 points each');
	is(until_closed('127.0.0.61', '{"Ping":{"nonce":-1}}', 'malformed', 'Ping'), 10, 'the tenth malformed line closes: 10 points each');
	is(until_closed('127.0.0.61', 'hello', 'malformed', '-'), 10, 'in the next session too');
	is(until_closed('127.0.0.61', '{"Ping":', 'malformed', '-'), 10, 'and in the third');
	my $p = dial('127.0.0.61', $strict);
	my $ack = $p->handshake;
	if ($ack->{accepted}) { # some of the 300 have decayed already
		$p->send_line('hello');
		ok($p->ended, 'one more line closes the fourth session');
		$p = dial('127.0.0.61', $strict);
		$ack = $p->handshake;
	}
	is($ack->{reason}, 'banned for misbehaviour', 'then the address is banned');
	is($p->ended, 'end', 'and refused');
	my ($ban) = $strict->rows('banlist');
	is($ban->{ip}, '127.0.0.61', 'banlist has it');
	cmp_ok($ban->{points}, '>=', 290, 'with its points');
	my $q = session('127.0.0.62', $strict);
	$q->send_raw("\n" x 500, qq("GetEverything"\n) x 500, qq("GetPeers"\n) x 500, qq("GetBlockHeight"\n) x 500);
	ok($q->ping, 'blank lines, unknown names, rate excess and unowned names cost no points');
	is(sum_of(without(fates($strict, '127.0.0.62'), undef)), 2002, 'and are all counted');
}, 0);
back_to_rest($strict, $rest, 'points');
$other->end;
$strict->audit_ok;
$strict->stop;

# ---- no descriptors left

my $poor = NodeTest->new('poor', '127.0.0.1', free_ports(), wrap => ['sh', '-c', 'ulimit -n 40; exec "$@"', 'sh', split ' ', $ENV{TN_WRAP} // ''],
	conf => { sessions => { handshake_timeout => 3 * slow(1) . 's' } })->start;
$other = Hostile->pinger($poor, '127.0.0.2');
$other->idle;
$rest = $poor->memory->{anon};
$other->during('no descriptors', sub ($i) {
	hold(dial('127.0.0.63', $poor)) for 1 .. 100;
	$poor->wait_log(qr/No descriptor for a new connection/, 10);
	my ($cpu, $begun) = ($poor->cpu, time);
	sleep 1; # what it does about it
	diag(sprintf 'no descriptors: %.0f%% of a processor', 100 * ($poor->cpu - $cpu) / (time - $begun));
	cmp_ok($poor->cpu - $cpu, '<', slow(0.5), 'it does not spin');
	cmp_ok($poor->log_count(qr/No descriptor/), '<', 20, 'nor fill its log');
}, 0);
$_->close for splice @open;
my $p;
ok(wait_until(sub { $p = dial('127.0.0.64', $poor, quiet => 1) }, 10, 'it takes connections again'), 'afterwards it takes connections again');
ok($p->handshake, 'and sessions');
back_to_rest($poor, $rest, 'no descriptors');
$poor->audit_ok;
$other->end;
$poor->stop;
done_testing();
