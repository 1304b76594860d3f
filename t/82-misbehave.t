#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/82-misbehave.t - a plugin for each way to misbehave while it runs: each is named, the node
# lives on (those that never return or crash excepted), and the account is exact. What is
# refused before it runs is in t/46-plug-load.c.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use NodeTest qw(free_ports run_cmd slurp stage wait_until);
use Peer;
use POSIX ();

my $build = $ENV{TN_BUILDDIR} // '.';
stage();

# A node with that plugin and pingpong, and a peer; more => of the configuration.
sub bench ($plugin, %more) {
	my $n = NodeTest->new("node of $plugin", '127.0.0.1', scalar(free_ports()),
		conf => { plugins => { pingpong => { interval => '600s' }, peers => undef,
			$plugin => { path => "$build/t/plugins/.libs/$plugin.so" } }, %more });
	$n->start;
	return ($n, join_it($n));
}

sub join_it ($n, @opt) {
	my $p = Peer->dial("$n->{ip}:$n->{port}", from => '127.0.0.9', @opt);
	$p->handshake;
	return $p;
}

sub shown ($n, $plugin) { return (grep { $_->{name} eq $plugin } $n->rows('plugins'))[0] // {} }
sub refused ($n, $why) { return $n->account('in')->{GetBlockHeight}{refused}{$why} // 0 }

sub lives_on ($n, $p) {
	ok($p->ping(10), 'the node lives on: a Ping is answered');
	$n->audit_ok;
	$p->close;
	$n->stop;
	return;
}

# ---- three seconds: named while it hangs

{
	my ($n, $p) = bench('bad_slow');
	my $me = '127.0.0.9:' . $p->local_port;
	$p->send_line('"GetBlockHeight"');
	my $line = $n->wait_log(qr/warn watchdog/, 10);
	my $held = $n->log_has(qr/held the loop/);
	like($line, qr/^\d{4}-\d\d-\d\dT[\d:.]{12}Z warn watchdog The loop hangs for \d+ s in plugin bad_slow, message of GetBlockHeight from \Q$me\E$/,
		'a handler of 3 s: plugin, message and peer');
	ok(!$held, 'told while it hangs, not afterwards');
	ok($n->wait_log(qr/plugin bad_slow held the loop in message of GetBlockHeight: 3\d\d\d ms/), 'and afterwards how long it was');
	my $s = $n->status;
	like($s->{loop_held}, qr/^plugin bad_slow, message of GetBlockHeight from \Q$me\E, 3\d\d\d ms$/, 'status: who held the loop last');
	is($s->{loop_longer}, 1, 'status: one turn of more than a second') unless $ENV{TN_WRAP};
	cmp_ok($s->{loop_worst_us}, '>=', 3_000_000, 'status: the longest turn');
	cmp_ok($s->{loop_1ms} + $s->{loop_10ms}, '>', 0, 'status: short ones too');
	lives_on($n, $p);
}

# ---- for ever: named, and the node gives up

{
	my ($n, $p) = bench('bad_stuck', loop => { hang => '1s', abort => '3s' });
	$p->send_line('"GetBlockHeight"');
	ok($n->wait_log(qr/warn watchdog The loop hangs for 1 s in plugin bad_stuck, message of GetBlockHeight from 127\.0\.0\.9:/), 'a handler without end is named');
	is($n->ended(20), -6, 'the node aborts');
	my @last = $n->log_lines(qr/error crash/);
	is(scalar(@last), 1, 'with one line');
	like($last[0] // '', qr/The loop hangs for \d s, the node gives up: in plugin bad_stuck, message of GetBlockHeight from 127\.0\.0\.9:\d+$/, 'that names it');
	$n->forget;
}

# ---- a process that stood still as a whole did not hang

{
	my ($n, $p) = bench('bad_hold', loop => { hang => '200ms', abort => '400ms' });
	$n->pause;
	select undef, undef, undef, 1;
	$n->cont;
	ok($p->ping(10), 'a stopped and continued node lives');
	is($n->log_count(qr/error crash/), 0, 'and is not taken for one that hangs');
	$p->close;
	$n->stop;
}

# ---- a flood: bounded by the queue

{
	my ($n, $p) = bench('bad_flood', sessions => { line_max => '1M', queue_session => '1M', stall => '2s' });
	ok($n->wait_log(qr/Connection closed with 127\.0\.0\.9:\d+: it took none of our bytes for 2 s/, 20), 'a flood: a peer that does not read it is closed in the end');
	my $out = $n->account('out')->{MasternodesResponse};
	cmp_ok($out->{refused}{full}, '>', 10, 'what the queue did not take was refused(full)');
	is($out->{offered}, $n->status->{'bad_flood.sent'} + $n->status->{'bad_flood.full'}, 'every message was counted');
	cmp_ok($out->{discarded}, '<', 20, 'not more than 1 MiB waited');
	cmp_ok($n->memory->{peak}, '<', 100 << 20, 'memory stays small') unless $ENV{TN_SANITIZED} || $ENV{TN_WRAP};
	$p->close;
	is(($n->cli('plugin', 'unload', 'bad_flood'))[0], 0, 'it can be unloaded');
	lives_on($n, join_it($n));
}

# ---- always BROKEN: quarantine, and another try

{
	my ($n, $p) = bench('bad_broken', score => { close => 1000, ban => 3000 });
	$p->send_line('"GetBlockHeight"') for 1 .. 9;
	wait_until(sub { refused($n, 'broken') == 9 }, 10, 'nine failures');
	is(shown($n, 'bad_broken')->{state}, 'running', 'nine failures are not ten');
	$p->send_line('"GetBlockHeight"');
	ok($n->wait_log(qr/plugin bad_broken is put into quarantine for 10 s: its verdicts are BROKEN again and again/), 'ten are: quarantine');
	my $row = shown($n, 'bad_broken');
	is("$row->{state}: $row->{reason}", 'quarantined: its verdicts are BROKEN again and again', 'plugins says so and why');
	cmp_ok($row->{retry_s}, '<=', 10, 'and when it is tried again');
	$p->send_line('"GetBlockHeight"');
	ok(wait_until(sub { refused($n, 'no-owner') == 1 }, 10, 'a refusal'), 'its message has no owner');
	is(refused($n, 'broken'), 10, 'every failure was refused(broken)');
	my $mark = $n->mark;
	ok($n->wait_log(qr/plugin bad_broken 1 started/, 20, since => $mark), 'it is tried again');
	$p->send_line('"GetBlockHeight"') for 1 .. 10;
	ok($n->wait_log(qr/plugin bad_broken is put into quarantine for 20 s/, 10, since => $mark), 'and put away for twice as long');
	my ($code, $out, $err) = $n->cli('plugin', 'load', 'bad_broken');
	is($code, 0, 'the operator may load it at once') or diag($err);
	is(shown($n, 'bad_broken')->{state}, 'running', 'it runs');
	lives_on($n, $p);
}

# ---- always BROKEN, and the node shall not run without it: the node stops, as failed

{
	my ($n, $p) = bench('bad_critical', score => { close => 1000, ban => 3000 });
	my $why = 'plugin bad_critical fails, and the node cannot go on without it: its verdicts are BROKEN again and again';
	$p->send_line('"GetBlockHeight"') for 1 .. 9;
	wait_until(sub { refused($n, 'broken') == 9 }, 10, 'nine failures');
	is(shown($n, 'bad_critical')->{state}, 'running', 'nine failures are not ten');
	$p->send_line('"GetBlockHeight"') for 1 .. 20;
	is($n->ended(20), 1, 'ten are: the node ends with exit code 1');
	like(($n->log_lines(qr/error plug/))[0] // '', qr/\Q$why\E$/, 'the log says which plugin, and why');
	is($n->log_count(qr/error plug/), 1, 'once');
	ok($n->log_has(qr/info main Stopping: plugin bad_critical failed/), 'it stops in order');
	ok($n->log_has(qr/info main Stopped/), 'to the end');
	ok($n->log_has(qr/audit: every message accounted for/), 'with every message accounted for');
	ok(!$n->log_has(qr/quarantine/), 'nobody is put into quarantine');
	$p->close;
	$n->forget;
}

# ---- closes its session and cancels its timers in their own handlers

{
	my ($n, $p) = bench('bad_selfclose');
	ok(wait_until(sub { ($n->status->{'bad_selfclose.ticks'} // 0) >= 3 }, 10, 'three ticks'), 'a timer cancelled and made anew in its own handler goes on');
	$p->send_line('"GetBlockHeight"');
	$p->send_line('"GetBlockHeight"');
	is($p->ended, 'end', 'a handler closes its own session');
	ok($n->wait_log(qr/Connection closed with 127\.0\.0\.9:\d+: bad_selfclose has had enough/), 'with its reason');
	is($n->status->{'bad_selfclose.closed'}, 1, 'and is not called again');
	is($n->account('in')->{GetBlockHeight}{handled}, 1, 'the message was handled');
	my $ticks = $n->status->{'bad_selfclose.ticks'};
	my $q = join_it($n);
	is($q->ended, 'end', 'a beat closes its own session');
	ok($n->wait_log(qr/bad_selfclose ends it on a beat/), 'with its reason');
	ok(wait_until(sub { $n->status->{'bad_selfclose.down'} == 2 }, 10, 'both ends'), 'it was told of both ends');
	is($n->status->{'bad_selfclose.ticks'}, $ticks, 'the timer that the message cancelled is silent, three beats later');
	is(shown($n, 'bad_selfclose')->{state}, 'running', 'it runs on');
	$_->close for $p, $q;
	$n->audit_ok;
	$n->stop;
}

# ---- unload and upgrade with holds in flight

{
	my ($n, $p) = bench('bad_hold');
	my $hold = sub ($want) {
		$p->send_line('"GetBlockHeight"') for 1 .. 5;
		wait_until(sub { ($n->account('in')->{GetBlockHeight}{waiting} // 0) == $want }, 10, 'five wait');
		return $n->audit_ok('five wait, and are accounted for');
	};
	$hold->(5);
	is(($n->cli('plugin', 'upgrade', 'bad_hold'))[0], 0, 'an upgrade with holds in flight');
	is(refused($n, 'unloaded'), 5, 'each is refused(unloaded)');
	$hold->(5);
	is(shown($n, 'bad_hold')->{pending}, 5, 'plugins says what is under way');
	is(($n->cli('plugin', 'unload', 'bad_hold'))[0], 0, 'an unload with holds in flight');
	is(refused($n, 'unloaded'), 10, 'each is refused(unloaded)');
	is($n->account('in')->{GetBlockHeight}{waiting}, 0, 'none waits');
	lives_on($n, $p);
}

# ---- unload, upgrade, quarantine and stop with jobs and holds in flight

{
	my $gate = NodeTest::tempdir(CLEANUP => 1) . '/gate';
	my $writer; # jobs end while the pipe has one
	POSIX::mkfifo($gate, 0600) or die "mkfifo: $!";
	my ($n, $p) = bench('bad_job', loop => { threads => 2 }, score => { close => 1000, ban => 3000 },
		plugins => { pingpong => { interval => '600s' }, peers => undef,
			bad_job => { path => "$build/t/plugins/.libs/bad_job.so", gate => $gate } });
	my $begin = sub ($name, $waiting) {
		$p->send_line("\"$name\"");
		return wait_until(sub { ($n->account('in')->{$name}{waiting} // 0) == $waiting }, 10, "$waiting of $name wait");
	};
	my $open = sub { open $writer, '+<', $gate or die "$gate: $!"; return };
	my $shut = sub { close $writer; return };
	my $metric = sub ($name) { return $n->status->{"bad_job.$name"} // -1 };

	$begin->('GetBlockHeight', $_) for 1 .. 3;
	is(shown($n, 'bad_job')->{pending}, 6, 'plugins counts three jobs and three holds');
	my $mark = $n->mark;
	my ($code, $out, $err) = $n->cli('plugin', 'unload', 'bad_job');
	is($code, 1, 'an unload with jobs that do not end is refused');
	like($err, qr/plugin bad_job runs on: its job wait takes longer than 10 s/, 'with plugin and job');
	ok($n->log_has(qr/warn plug plugin bad_job runs on: its job wait takes longer than 10 s/), 'in the log too');
	is(shown($n, 'bad_job')->{state}, 'running', 'it runs on');
	$open->();
	ok(wait_until(sub { $n->account('in')->{GetBlockHeight}{handled} == 3 }, 10, 'three results'), 'its jobs bring their results');

	$shut->();
	$begin->('GetBlockHeight', $_) for 1 .. 3;
	my $asked = $n->put('plugin', { action => 'upgrade', name => 'bad_job' });
	ok(wait_until(sub { shown($n, 'bad_job')->{state} eq 'draining' }, 10, 'draining'), 'an upgrade waits for jobs');
	$p->send_line('"GetBlockHeight"');
	ok(wait_until(sub { refused($n, 'bad_job.no-work') == 1 }, 10, 'a refusal'), 'a new one is refused meanwhile');
	$open->();
	is($n->answer($asked)->{end}, 0, 'and happens when they have ended');
	is($n->account('in')->{GetBlockHeight}{handled}, 6, 'with their results');
	is(shown($n, 'bad_job')->{pending}, 0, 'the new one has nothing under way');

	$shut->();
	$begin->('GetBlockHeight', 1);
	$asked = $n->put('plugin', { action => 'unload', name => 'bad_job' });
	wait_until(sub { shown($n, 'bad_job')->{state} eq 'draining' }, 10, 'draining');
	$open->();
	is($n->answer($asked)->{end}, 0, 'an unload the same');
	is($n->account('in')->{GetBlockHeight}{handled}, 7, 'nothing is lost');
	is(($n->cli('plugin', 'load', 'bad_job'))[0], 0, 'it comes back');

	$shut->();
	$begin->('GetBlockHeight', $_) for 1 .. 2;
	$p->send_line('"GetPendingTransactions"') for 1 .. 10;
	ok($n->wait_log(qr/plugin bad_job is put into quarantine/), 'quarantine does not wait for a job');
	is(refused($n, 'broken'), 2, 'done() was told before, and settled what it held');
	ok($p->ping(10), 'the node lives, with a thread in the code that was unloaded');
	$open->();
	is(($n->cli('plugin', 'load', 'bad_job'))[0], 0, 'the operator loads it again');
	$p->send_line('"GetUTXOStateHash"');
	is($p->ended, 'end', 'a job closes its session when it is done');
	ok($n->wait_log(qr/Connection closed with 127\.0\.0\.9:\d+: a job of bad_job has had enough/), 'with its reason');
	is($metric->('done'), 1, 'it was done once');

	$shut->();
	$p = join_it($n);
	$begin->('GetUTXOStateHash', 1);
	$n->audit_ok;
	$p->close;
	$n->send_signal('TERM');
	ok($n->wait_log(qr/audit: every message accounted for/), 'a node stops with a job in hand');
	$open->();
	is($n->ended(20), 0, 'and ends when its thread has returned');
	$n->forget;
}

# ---- a crash on a thread of the pool (ThreadSanitizer has it for itself)

if (($ENV{TN_SANITIZED} // '') ne 'thread') {
	my ($n, $p) = bench('bad_job');
	$p->send_line('"GetGenesisHash"');
	my $status = $n->ended(20);
	ok(defined $status && $status != 0, 'a crash in a job ends the node');
	SKIP: {
	skip 'a sanitizer takes the signal for itself', 1 if $ENV{TN_SANITIZED};
	like(join("\n", $n->log_lines(qr/error crash/)), qr/^\S+ error crash Killed by SIGSEGV in plugin bad_job, job of crash$/, 'with one line that names plugin and job');
	}
	$n->forget;
}

# ---- an option that it does not know

{
	my ($n, $p) = bench('bad_hold');
	$n->reconfigure({ plugins => { bad_hold => { colour => 'red' } } });
	my ($code, $out, $err) = $n->cli('reload');
	is($code, 1, 'a reload with an unknown option is refused');
	like($err, qr/timenode\.conf:\d+: .*colour/, 'with file, line and name');
	($code, $out, $err) = run_cmd(["$n->{stage}{sbindir}/timenoded", '-c', $n->{file}, '--check-config'], env => { $n->environment });
	is($code, 2, 'so is a start');
	like($err, qr/timenode\.conf:\d+: .*colour/, 'with the same words');
	($code, $out, $err) = $n->cli('plugin', 'upgrade', 'bad_hold');
	is($code, 0, 'an upgrade uses the configuration that is in force');
	lives_on($n, $p);
}

# ---- a crash: named

{
	my ($n, $p) = bench('bad_crash');
	$p->send_line('"GetBlockHeight"');
	my $status = $n->ended(20);
	ok(defined $status && $status != 0, 'a crash ends the node');
	is($status, -11, 'by its own signal') unless $ENV{TN_SANITIZED} || $ENV{TN_WRAP};
	SKIP: {
	skip 'a sanitizer takes the signal for itself', 2 if $ENV{TN_SANITIZED};
	my @last = $n->log_lines(qr/error crash/);
	is(scalar(@last), 1, 'with one line');
	like($last[0] // '', qr/^\d{4}-\d\d-\d\dT[\d:.]{12}Z error crash Killed by SIGSEGV in plugin bad_crash, message of GetBlockHeight from 127\.0\.0\.9:\d+$/,
		'that names plugin, message and peer');
	}
	$n->forget;
}
done_testing();
