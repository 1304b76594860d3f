#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/73-audit-red.t - an audit that cannot fail is worthless: a node that loses a message, and
# one that forgets a fate, turn it red; under the same traffic the right node stays green
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use List::Util qw(sum0);
use NodeTest qw(free_ports slow wait_until);
use Peer;

my $build = $ENV{TN_BUILDDIR} // '.';
my ($peers, $pings) = (40, 30); # 30 is below what one peer may send in a second

my $all = $peers * $pings; # the thousandth line is one of them

sub conf () {
	return { sessions => { inbound => 100 }, score => { close => 1000, ban => 3000 },
		plugins => { pingpong => { interval => '600s' }, peers => undef } };
}

sub received ($n, $count) {
	return wait_until(sub { ($n->account('in')->{Ping}{received} // 0) == $count }, 20, "$count Pings received");
}

# Pings in a burst from every peer, then from each a line that is no Ping and one with an
# unknown name. Returns how many Pongs came back.
sub traffic ($n) {
	my @peer = map { my $p = Peer->dial("$n->{ip}:$n->{port}", from => "127.0.1.$_"); $p->handshake; $p } 1 .. $peers;
	$_->expect('Ping') for @peer; # the node's own: nothing but Pongs is to come
	my ($nonce, $pongs) = (0, 0);
	for my $p (@peer) {
		$p->send_raw(join '', map { sprintf qq({"Ping":{"nonce":%d,"timestamp":1}}\n), ++$nonce } 1 .. $pings);
	}
	received($n, $all);
	$_->send_raw(qq({"NobodyKnowsIt":{}}\n{"Ping":{"nonce":"none","timestamp":1}}\n)) for @peer;
	received($n, $all + $peers);
	for my $p (@peer) {
		my $got = 0;
		$got++ while $got < $pings && defined $p->line(0.5);
		$pongs += $got;
		$p->close;
	}
	return $pongs;
}

sub off_by (@rows) { return sum0 map { abs $_->{off_by} } @rows }

sub run ($what, $program) {
	my $n = NodeTest->new($what, '127.0.0.1', scalar free_ports(), conf => conf(), program => $program);
	$n->start;
	return ($n, traffic($n));
}

# ---- the right one

my ($n, $pongs) = run('the right node', undef);
is($pongs, $all, 'right: each Ping has its Pong');
my $in = $n->account('in');
is($in->{Ping}{handled}, $all, 'right: handled');
is($in->{Ping}{malformed}, $peers, 'right: malformed');
$n->audit_ok('right: green');
is(off_by(@{ $n->cli_json('audit') }), 0, 'right: timenode-cli audit says so');
ok($n->stop, 'right: ends');
like($n->log_text, qr/audit: every message accounted for/, 'right: and says so at its end');

# ---- the wrong ones

my %wrong = (
	drop   => { off => 1, pongs => $all - 1 },  # the bus loses every 1000th message
	forget => { off => $peers, pongs => $all }, # a malformed message is not counted
);
for my $what (sort keys %wrong) {
	my $w = $wrong{$what};
	($n, $pongs) = run("the node that is wrong ($what)", "$build/t/break-$what");
	is($pongs, $w->{pongs}, "$what: Pongs as seen from outside");
	ok(scalar($n->audit_faults), "$what: the audit turns red");
	my $rows = $n->cli_json('audit');
	is(off_by(@$rows), $w->{off}, "$what: timenode-cli audit tells by how many");
	my ($code, $out) = $n->cli('status');
	like($out, qr/^audit\s+off by $w->{off}$/m, "$what: so does status");
	ok($n->wait_log(qr/ error .*audit/), "$what: so does the log, as an error");
	$n->stop;
	like($n->log_text, qr/ error node audit: off by $w->{off}$/m, "$what: and the last lines");
}
done_testing();
