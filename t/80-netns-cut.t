#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/80-netns-cut.t - without pingpong: a cut link is gone in 60 s, give or take 10, at both ends
#
# Needs root: each case has two network namespaces of its own with a veth pair between
# them. Packets are lost in silence by a neighbour entry with a wrong link address, per
# direction; or the device goes down. All cases run at once, for some 65 s.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use NodeTest qw(free_ports run_cmd slow stage wait_until);
use Time::HiRes qw(time sleep);

my @spaces;
my $owner = $$;

# The output of ip(8); dies if it fails.
sub ip (@words) {
	my ($code, $out, $err) = run_cmd(['ip', @words]);
	die "ip @words: $err" if $code != 0;
	return $out;
}

END {
	my $rc = $?;
	if ($$ == $owner) { run_cmd(['ip', 'netns', 'del', $_]) for @spaces }
	$? = $rc;
}

sub space ($name) {
	ip('netns', 'add', $name);
	push @spaces, $name;
	ip('-n', $name, 'link', 'set', 'lo', 'up');
	return $name;
}

sub wire ($s) {
	ip('-n', $s->{space}[0], 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v0', 'netns', $s->{space}[1]);
	for my $i (0, 1) {
		ip('-n', $s->{space}[$i], 'addr', 'add', "$s->{ip}[$i]/24", 'dev', 'v0');
		ip('-n', $s->{space}[$i], 'link', 'set', 'v0', 'up');
	}
	return;
}

stage();
plan(skip_all => 'needs root, to make network namespaces') if $> != 0;
plan(skip_all => 'twenty daemons at once are too many under a wrapper') if $ENV{TN_WRAP};
plan(skip_all => 'needs ip(8)') if (run_cmd(['ip', '-V']))[0] != 0;
{
	my $probe = "tn-$$-probe";
	my $made = eval {
		space($probe);
		ip('-n', $probe, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
		1;
	};
	plan(skip_all => 'no network namespaces with veth here: ' . ($@ =~ s/\s+/ /gr)) unless $made;
}

# lost: what does not arrive any more, from the dialer and from the listener; asks: who
# sends a line each second, so that one is unacknowledged from the cut on (the others are
# silent: keepalive alone notices).
my @case = (
	{ name => 'both ways lost',                        lost => [1, 1], asks => [0, 0] },
	{ name => 'both ways lost, the dialer speaks',     lost => [1, 1], asks => [1, 0] },
	{ name => 'both ways lost, the listener speaks',   lost => [1, 1], asks => [0, 1] },
	{ name => 'both ways lost, both speak',            lost => [1, 1], asks => [1, 1] },
	{ name => 'from the dialer lost',                  lost => [1, 0], asks => [0, 0] },
	{ name => 'from the dialer lost, it speaks',       lost => [1, 0], asks => [1, 0] },
	{ name => 'from the listener lost',                lost => [0, 1], asks => [0, 0] },
	{ name => 'from the listener lost, it speaks',     lost => [0, 1], asks => [0, 1] },
	{ name => 'the dialer\'s device goes down',        down => 0,      asks => [0, 0] },
	{ name => 'the listener\'s device goes down',      down => 1,      asks => [1, 0] },
);
my $port = free_ports();

sub prepare ($s, $n) {
	$s->{space} = [map { space("tn-$$-$n-$_") } 'a', 'b'];
	$s->{ip} = ["10.99.$n.1", "10.99.$n.2"];
	wire($s);
	$s->{node} = [map { NodeTest->new("$s->{name}: " . ($_ ? 'listener' : 'dialer'), $s->{ip}[$_], $port,
		wrap => ['ip', 'netns', 'exec', $s->{space}[$_], split ' ', $ENV{TN_WRAP} // ''],
		conf => { network => { connect => $_ ? [] : ["$s->{ip}[1]:$port"], whitelist => [] },
			plugins => { pingpong => undef, peers => { ask_every => $s->{asks}[$_] ? '1s' : '1h' } } }) } 0, 1];
	$_->start for reverse @{ $s->{node} };
	return;
}

sub sent ($node) { return $node->account('out')->{GetPeers}{sent} // 0 }

sub cut ($s) {
	$s->{cut} = time;
	if (defined $s->{down}) {
		ip('-n', $s->{space}[ $s->{down} ], 'link', 'set', 'v0', 'down');
	} else {
		ip('-n', $s->{space}[$_], 'neigh', 'replace', $s->{ip}[1 - $_], 'lladdr', '02:00:00:00:00:99', 'dev', 'v0',
			'nud', 'permanent') for grep { $s->{lost}[$_] } 0, 1;
	}
	$s->{sent} = [map { sent($_) } @{ $s->{node} }];
	return;
}

prepare($case[$_], $_) for 0 .. $#case;
for my $s (@case) {
	ok(wait_until(sub { 2 == grep { scalar $_->peers } @{ $s->{node} } }, 20, 'a session'), "$s->{name}: a session");
	for my $i (grep { $s->{asks}[$_] } 0, 1) { # whoever is to speak does
		wait_until(sub { sent($s->{node}[$i]) >= 3 }, 20, 'it speaks');
	}
}
# An idle end counts from the last line it got: the quiet cases begin now, all at once.
for my $s (@case) {
	$s->{last} = [map { (($_->peers)[0]{quiet_ms} // 0) / 1000 } @{ $s->{node} }];
	cut($s);
}

for my $s (@case) {
	for my $i (0, 1) {
		my ($n, $who) = ($s->{node}[$i], $i ? 'listener' : 'dialer');
		my $line = $n->wait_log(qr/Connection closed with/, 80) or next;
		my $took = NodeTest::log_time($line) - $s->{cut};
		my ($why) = $line =~ /Connection closed with \S+ (.*)/;
		diag(sprintf '%-38s %-8s gone after %.1f s (%.1f s since the last line): %s', $s->{name}, $who, $took,
			$took + $s->{last}[$i], $why);
		cmp_ok($took + $s->{last}[$i], '>=', 50, "$s->{name}, $who: not before 50 s");
		cmp_ok($took, '<=', slow(70), "$s->{name}, $who: gone within 70 s");
		like($why, qr/timed out|reset by peer|No route to host/, "$s->{name}, $who: with the reason");
		cmp_ok(sent($n), '>', $s->{sent}[$i], "$s->{name}, $who: spoke into the dead link") if $s->{asks}[$i];
		my ($row) = grep { ($_->{reason} // '') eq $why } @{ $n->ask('why', { ip => $s->{ip}[1 - $i] })->{rows} };
		ok($row, "$s->{name}, $who: and why says so");
	}
}
$_->audit_ok for map { @{ $_->{node} } } @case;
$_->stop for map { @{ $_->{node} } } @case;
done_testing();
