# SPDX-License-Identifier: MIT
# t/lib/Hostile.pm - for tests of what a peer can do to a node: fates by message, a second
# peer that pings all the time, vectors
package Hostile;
use v5.36;
use Test::More;

use Exporter qw(import);
use File::Temp qw(tempdir);
use JSON::PP;
use List::Util qw(sum0);
use NodeTest qw(slow slurp wait_until);
use Peer;
use Time::HiRes qw(time sleep);

our @EXPORT_OK = qw(fates diff_fates sum_of next_fate vectors median);

my $json = JSON::PP->new->canonical;
my $data = ($ENV{TN_SRCDIR} // '.') . '/t/data';

# ---- vectors

# The records of a file of t/data; lines and streams as bytes in {bytes}.
sub vectors ($file) {
	my @all = map { decode_json($_) } split /\n/, slurp("$data/$file");
	for my $v (@all) {
		my $hex = $v->{hex} // $v->{stream_hex};
		$v->{bytes} = defined $hex ? pack 'H*', $hex : $v->{line} // die "$file: no bytes";
		utf8::encode($v->{bytes}) unless defined $hex;
	}
	return @all;
}

# ---- fates

# What came in from an address (or from all), open and ended sessions together, as
# {message}{fate} without zeros; a fate is handled, refused(why), unknown, malformed or
# waiting, and received is their sum or the audit is wrong. "-" is what was no envelope,
# "?" an unknown name.
sub fates ($node, $ip = undef) {
	my %f;
	for my $row ($node->rows('audit')) {
		next if !exists $row->{received} || (defined $ip && $row->{ip} ne $ip);
		my $m = $f{ $row->{message} } //= {};
		$m->{"refused($_)"} += $row->{refused}{$_} for keys %{ $row->{refused} };
		$m->{$_} += $row->{$_} for qw(received handled unknown malformed waiting);
	}
	return diff_fates({}, \%f);
}

# What `now` has more (or less) than `was`.
sub diff_fates ($was, $now) {
	my %d;
	for my $m (keys %{ { %$was, %$now } }) {
		for my $f (keys %{ { %{ $was->{$m} // {} }, %{ $now->{$m} // {} } } }) {
			my $n = ($now->{$m}{$f} // 0) - ($was->{$m}{$f} // 0);
			$d{$m}{$f} = $n if $n;
		}
	}
	return \%d;
}

sub sum_of ($f, $column = 'received') { return sum0 map { $_->{$column} // 0 } values %$f }

# Waits until `n` more messages than in `was` came from the address; what is new.
sub next_fate ($node, $ip, $was, $n = 1) {
	my $d = {};
	wait_until(sub { $d = diff_fates($was, fates($node, $ip)); sum_of($d) >= $n }, 5, "$n more counted");
	return $d;
}

# ---- a peer that behaves, in a process of its own

sub median (@v) {
	@v = sort { $a <=> $b } @v;
	return @v ? $v[@v / 2] : 0;
}

# Hostile->pinger($node, $ip): pings some 40 times a second, answers the node's pings, and
# notes each round trip. A ping not answered in time is a failed test (see {lost}).
sub pinger ($class, $node, $ip) {
	my $self = bless { node => $node, ip => $ip, dir => tempdir(CLEANUP => 1) }, $class;
	$self->{file} = "$self->{dir}/rtt";
	$self->{pid} = fork // die "fork: $!";
	if (!$self->{pid}) {
		open STDOUT, '>', '/dev/null';
		ping_on($self);
		POSIX::_exit(0);
	}
	wait_until(sub { $self->samples >= 10 }, 10, 'the other peer pings');
	return $self;
}

sub ping_on ($self) {
	open my $out, '>', $self->{file} or return;
	$out->autoflush(1);
	my $p = Peer->dial("$self->{node}{ip}:$self->{node}{port}", from => $self->{ip}, quiet => 1) or return;
	$p->handshake(node_id => 1e9 + $$) or return; # not one that the parent draws
	while (-d $self->{dir}) {
		my $at = time;
		my $us = $p->ping(5);
		printf $out "%.6f %s\n", $at, $us // ('lost ' . ($p->{eof} // 'no answer'));
		last unless defined $us;
		sleep 0.022;
	}
	return;
}

# [when, us] of each answered ping that began between two instants.
sub samples ($self, $from = 0, $to = 1e18) {
	my @all = map { [split ' ', $_, 2] } slurp($self->{file}) =~ /^(.*)\n/mg;
	my ($lost) = grep { $_->[1] =~ /^lost/ } @all;
	$self->{lost} = $lost->[1] if $lost;
	return grep { $_->[1] =~ /^\d+$/ && $_->[0] >= $from && $_->[0] <= $to } @all;
}

# Round trips of so many seconds in peace, to compare with.
sub idle ($self, $seconds = 1.5) {
	my $from = time;
	wait_until(sub { time - $from >= $seconds && $self->samples($from) >= 20 }, 20, 'round trips in peace');
	$self->{idle} = median(map { $_->[1] } $self->samples($from));
	return $self->{idle};
}

# Runs `sub` again and again for that long, at most `max` times, and prints what it did to
# the round trips. Returns how often it ran.
sub during ($self, $what, $sub, $seconds = 1, $max = 1e9) {
	my ($from, $times) = (time, 0);
	do { $sub->($times++) } while (time - $from < $seconds && $times < $max);
	sleep 0.05 while time - $from < $seconds; # what it began goes on
	my $to = time;
	my $done = wait_until(sub { $self->samples($to) >= 1 || $self->{lost} }, 10, "$what: the other peer is answered");
	my @us = sort { $a <=> $b } map { $_->[1] } $self->samples($from, $to);
	ok($done && !$self->{lost} && @us, "$what: every ping of the other peer is answered") or diag($self->{lost} // 'none sent');
	diag(sprintf '%-34s %4d times: ratio %.2f (median %d us, worst of %d pings %d us, idle %d us)', $what, $times,
		median(@us) / ($self->{idle} || 1), median(@us), scalar @us, $us[-1] // 0, $self->{idle} // 0);
	return $times;
}

sub end ($self) {
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
	delete $self->{pid};
	return;
}

sub DESTROY ($self) { $self->end if $self->{pid} }

1;
