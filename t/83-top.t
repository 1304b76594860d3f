#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/83-top.t - timenode-cli top, messages, metrics and disconnect against real nodes
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use File::Temp qw(tempdir);
use JSON::PP;
use NodeTest qw(mesh_nodes wait_until slow slurp stage write_file);
use POSIX qw(WNOHANG);

my @node = mesh_nodes(2, conf => { plugins => { pingpong => { interval => '100ms' } } });
$_->start for @node;
my ($first, $second) = @node;
ok(wait_until(sub { $first->peers && ($first->rows('rtt'))[0]{last_us} }, 20, 'the two are connected'), 'two nodes');

# ---- messages: the account of each message

my %in;
for my $row (grep { exists $_->{received} } $first->rows('audit')) {
	$in{ $row->{message} } += $row->{received};
}
my %sum = map { $_->{message} => $_ } $first->rows('messages');
ok($sum{$_}, "$_ has its sum") for sort keys %in;
cmp_ok($sum{Pong}{received}, '>=', $in{Pong}, 'as many as the audit had, or more by now');
cmp_ok($sum{Ping}{sent}, '>=', $sum{Pong}{received}, 'no Pong without a Ping');
for my $m (sort keys %sum) {
	my $r = $sum{$m};
	is($r->{received}, $r->{handled} + $r->{refused_in} + $r->{unknown} + $r->{malformed} + $r->{waiting}, "$m in balances");
	is($r->{offered}, $r->{sent} + $r->{refused_out} + $r->{discarded} + $r->{queued}, "$m out balances");
}

# ---- metrics: also those that status does not show

my %metric = map { ("$_->{plugin}.$_->{name}" => $_) } $first->rows('metrics');
my $status = $first->status;
ok(!exists $status->{'peers.addresses_told'}, 'status leaves one out');
is($metric{'peers.addresses_told'}{kind}, 'count', 'metrics has it');
cmp_ok($metric{'pingpong.pings_sent'}{value}, '>', 0, 'a count');
my $rtt = $metric{'pingpong.rtt_us'};
is($rtt->{kind}, 'times', 'a time');
cmp_ok($rtt->{times}, '>', 0, 'was measured');
cmp_ok($rtt->{min}, '<=', $rtt->{value}, 'least, mean');
cmp_ok($rtt->{value}, '<=', $rtt->{max}, 'and most are in order');
ok($rtt->{min} <= $rtt->{last} && $rtt->{last} <= $rtt->{max}, 'the last is between');
ok(!defined $metric{'pingpong.pings_sent'}{last}, 'a count has no last');

# ---- top without a terminal

my ($code, $out, $err) = $first->cli('top');
is("$code$err", '0', 'into a file it prints once and ends');
like($out, qr/^timenode \S+, private, up \d+:\d\d:\d\d; sessions: 0 in, 1 out,.*audit: ok$/m, 'the node');
like($out, qr/^turns of the loop: 50% <1ms, .*held by: /m, 'its loop');
like($out, qr/^Pong +[1-9]\d* +[1-9]/m, 'Pongs come and go');
like($out, qr/^127\.0\.0\.2 +\d+ +out +up /m, 'the peer');
unlike($out, qr/\e/, 'and no terminal codes');
($code, $out) = $first->cli('top', '--once', '--json');
my $top = eval { JSON::PP->new->decode($out) } // {};
is_deeply([sort keys %$top], [qw(messages node peers)], '--json: one object');
my ($ping) = grep { $_->{message} eq 'Ping' } @{ $top->{messages} };
# Ten a second each way and ten answers; a loaded machine gives fewer, a wrong sum many more.
ok($ping->{out_rate} >= 1 && $ping->{out_rate} <= 30, "a rate, no sum: $ping->{out_rate} pings a second");
is(scalar @{ $top->{peers} }, 1, 'one peer');
cmp_ok($top->{peers}[0]{bytes_in_rate}, '>', $top->{peers}[0]{in_rate}, 'its bytes');
cmp_ok($top->{node}{in_rate}, '>', 0, 'the sum of all');
($code, $out, $err) = $first->cli('peers', '--once');
is($code, 2, '--once is only for top');
($code, $out, $err) = $second->cli('--socket', "$second->{dir}/nobody", 'top');
is($code, 2, 'no daemon');
like($err, qr/no daemon at/, 'is said');

# ---- top on a terminal: script(1) gives it one

SKIP: {
	my ($script) = grep { -x } map { "$_/script" } split /:/, $ENV{PATH};
	skip 'script(1) is not here', 8 unless $script;
	for my $case ([ 'Ctrl-C', "\cC" ], [ 'q', 'q' ]) {
		my ($what, $key) = @$case;
		my $dir = tempdir(CLEANUP => 1);
		my $cli = stage()->{bindir} . '/timenode-cli';
		write_file("$dir/run.sh", "stty -g >$dir/before\n'$cli' --socket '$first->{socket}' top\n"
			. "echo \$? >$dir/code\nstty -g >$dir/after\n");
		my %env = $first->environment;
		pipe my $keys_in, my $keys_out or die;
		my $pid = fork // die;
		if (!$pid) {
			@ENV{ keys %env } = values %env;
			open STDIN, '<&', $keys_in;
			close $keys_out;
			open STDOUT, '>', "$dir/screen";
			open STDERR, '>&', \*STDOUT;
			exec $script, '-q', '-f', '-c', "sh -c 'trap : INT; . $dir/run.sh'", '/dev/null' or POSIX::_exit(127);
		}
		close $keys_in;
		my $screen = sub { slurp("$dir/screen") };
		ok(wait_until(sub { (() = $screen->() =~ /\e\[H/g) >= 2 }, 20, "$what: two pages"), "$what: it is drawn again");
		syswrite $keys_out, $key;
		ok(wait_until(sub { -s "$dir/after" && waitpid($pid, WNOHANG) == $pid }, 10, "$what ends it"), "$what ends it");
		close $keys_out;
		like($screen->(), qr/\A\e\[\?1049h\e\[\?25l.*timenode .*\e\[\?25h\e\[\?1049l\s*\z/s, "$what: the old screen comes back");
		is(slurp("$dir/code") . slurp("$dir/after"), "0\n" . slurp("$dir/before"), "$what: exit code 0, and the terminal is as it was");
	}
}

# ---- disconnect

my $ends = $second->status->{ends};
($code, $out, $err) = $second->cli('disconnect', '127.0.0.1:1');
is($code, 1, 'nobody has this port');
like($err, qr/no session with 127\.0\.0\.1:1/, 'is said');
is($second->status->{ends}, $ends, 'and nobody was ended');
($code, $out) = $second->cli('disconnect', '127.0.0.1');
is($code, 0, 'disconnect');
like($out, qr/^127\.0\.0\.1 .*\bin +up$/m, 'tells whom');
ok(wait_until(sub { $second->status->{ends} == $ends + 1 }, 10, 'the session ends'), 'the session ends');
ok(scalar(grep { ($_->{reason} // '') eq 'ended by the operator' } $second->rows('why', { ip => '127.0.0.1' })), 'why says by whom');
ok(wait_until(sub { scalar $second->peers }, 20, 'it is dialed again'), 'who wants the session dials again');
is($second->log_count(qr/Operator: disconnect/), 2, 'the log has both orders');

$_->audit_ok for @node;
$_->stop for @node;
done_testing();
