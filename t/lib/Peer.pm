# SPDX-License-Identifier: MIT
# t/lib/Peer.pm - a peer played by a script: bytes in segments, lines with deadlines
#
#   my $p = Peer->dial("127.0.0.1:24200", from => '127.0.0.5');
#   $p->handshake(features => ['hello']);        # as a new node; legacy => 1 as an old one
#   $p->send_json({ Ping => { nonce => 1, timestamp => 2 } });
#   my $pong = $p->expect('Pong', 5);            # its body
#   my $l = Peer->listen('127.0.0.5', $port); my $q = $l->accept(5); $q->answer;
#
# A wait that ends in vain is a failed test and returns undef. Deadlines are multiplied
# by TN_SLOW. Numbers of a message stay exact: a u64 above 2^63 is a string of digits.
package Peer;
use v5.36;
use Test::More;

use Errno qw(EINTR EAGAIN EWOULDBLOCK);
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use Socket qw(IPPROTO_TCP TCP_NODELAY SOL_SOCKET SO_LINGER);
use Time::HiRes qw(time);

my $slow = $ENV{TN_SLOW} || 1;
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $next_id = $$ * 1000;

sub slow ($seconds) { return $seconds * $slow }

# ---- connecting

# Connects from an address of this host. Undef and a failed test if that fails, unless
# quiet => 1. rcvbuf => bytes makes a slow reader of it.
sub dial ($class, $to, %opt) {
	my ($ip, $port) = $to =~ /^(.*):(\d+)$/;
	my $sock = IO::Socket::INET->new(
		PeerAddr => $ip, PeerPort => $port, Proto => 'tcp', Timeout => slow($opt{deadline} // 5),
		ReuseAddr => 1, $opt{from} ? (LocalAddr => $opt{from}) : (),
		$opt{from_port} ? (LocalPort => $opt{from_port}) : (),
		$opt{rcvbuf} ? (Sockopts => [[SOL_SOCKET, Socket::SO_RCVBUF(), $opt{rcvbuf}]]) : ());
	if (!$sock) {
		fail("connects to $to") unless $opt{quiet};
		diag($@ || $!) unless $opt{quiet};
		return;
	}
	return $class->on($sock, outbound => 1);
}

sub on ($class, $sock, %more) {
	$sock->blocking(0);
	setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, 1;
	return bless { sock => $sock, in => '', lines => [], skipped => [], %more }, $class;
}

# A listener; port 0 takes any. {port} tells which it is.
sub listen ($class, $ip, $port = 0, %opt) {
	my $sock = IO::Socket::INET->new(LocalAddr => $ip, LocalPort => $port, Listen => $opt{backlog} // 16,
		ReuseAddr => 1, Proto => 'tcp') or die "cannot listen on $ip:$port: $@";
	return bless { listener => $sock, ip => $ip, port => $sock->sockport }, $class;
}

sub accept ($self, $deadline = 10) {
	if (!IO::Select->new($self->{listener})->can_read(slow($deadline))) {
		fail("somebody dials $self->{ip}:$self->{port} within " . slow($deadline) . ' s');
		return;
	}
	return Peer->on(scalar $self->{listener}->accept, outbound => 0);
}

# Does somebody dial within that time? For tests that nobody must.
sub is_dialed ($self, $seconds) { return IO::Select->new($self->{listener})->can_read($seconds) ? 1 : 0 }

sub close ($self) {
	close $_ for grep { defined } delete @$self{qw(sock listener)};
	return;
}

# RST instead of FIN.
sub reset ($self) {
	setsockopt $self->{sock}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
	return $self->close;
}

# No more bytes from us; we still read.
sub half_close ($self) { return shutdown $self->{sock}, 1 }

sub local_port ($self) { return $self->{sock}->sockport }
sub remote_ip ($self)  { return $self->{sock}->peerhost }

# ---- sending

# All bytes, each argument as a segment of its own. True if all were taken in time.
sub send_raw ($self, @segments) {
	my $end = time + slow(10);
	for my $bytes (@segments) {
		my $at = 0;
		while ($at < length $bytes) {
			my $n = syswrite $self->{sock}, $bytes, length($bytes) - $at, $at;
			if (defined $n) { $at += $n; next }
			return 0 unless $! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR;
			return 0 if time > $end;
			IO::Select->new($self->{sock})->can_write(0.05);
		}
	}
	return 1;
}

# As much as the kernel takes now; the number of bytes, undef when the link is gone.
sub send_some ($self, $bytes) {
	my $n = syswrite $self->{sock}, $bytes;
	return $n if defined $n;
	return $! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR ? 0 : undef;
}

sub send_line ($self, $text) { return $self->send_raw("$text\n") }

# A message as {Name => body}, or a bare name.
sub send_json ($self, $message) { return $self->send_line($json->encode($message)) }

# ---- receiving

# Reads what is there; false at the end of the stream.
sub fill ($self, $seconds) {
	return 0 if $self->{eof};
	return 1 unless IO::Select->new($self->{sock})->can_read($seconds);
	my $n = sysread $self->{sock}, $self->{in}, 262_144, length $self->{in};
	if (!$n) {
		return 1 if !defined $n && ($! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR);
		$self->{eof} = defined $n ? 'end' : "$!";
		return 0;
	}
	push @{ $self->{lines} }, $1 while $self->{in} =~ s/\A([^\n]*)\n//;
	return 1;
}

# The next line without its LF; undef at the end of the stream or the deadline (no test
# fails: see {eof}).
sub line ($self, $deadline = 5) {
	my $end = time + slow($deadline);
	while (!@{ $self->{lines} }) {
		my $left = $end - time;
		return if $left <= 0 || !$self->fill($left);
	}
	return shift @{ $self->{lines} };
}

# The next message: (name, body); empty when none comes.
sub message ($self, $deadline = 5) {
	my $line = $self->line($deadline) // return;
	my $value = eval { $json->decode($line) };
	return ref $value eq 'HASH' ? %$value : ($value // $line, undef);
}

# The body of the next message of that name (true for a bare name); others before it go
# to {skipped}. pong => 1 answers Pings meanwhile.
sub expect ($self, $name, $deadline = 5, %opt) {
	my $end = time + slow($deadline);
	while ((my $left = $end - time) > 0) {
		my ($got, $body) = $self->message($left / $slow);
		last unless defined $got;
		return $body // 1 if $got eq $name;
		if ($opt{pong} && $got eq 'Ping') { $self->pong($body) }
		push @{ $self->{skipped} }, [$got, $body];
	}
	fail("$name within " . slow($deadline) . ' s' . ($self->{eof} ? ", but the link ended ($self->{eof})" : ''));
	return;
}

# Waits for the link's end; returns "end" (FIN) or the error ("Connection reset by peer").
# What arrives before it goes to {lines}.
sub ended ($self, $deadline = 10) {
	my $end = time + slow($deadline);
	while ((my $left = $end - time) > 0) {
		$self->fill($left);
		return $self->{eof} if $self->{eof};
	}
	fail('the link ends within ' . slow($deadline) . ' s');
	return;
}

# Answers a Ping's body; now => unix seconds.
sub pong ($self, $ping, $now = int time) {
	return $self->send_line(sprintf '{"Pong":{"nonce":%s,"timestamp":%d}}', $ping->{nonce}, $now);
}

# Answers Pings for that long; the number of those answered. Other messages are dropped.
sub answer_pings ($self, $seconds) {
	my ($end, $n) = (time + $seconds, 0);
	while ((my $left = $end - time) > 0 && !$self->{eof}) {
		my ($name, $body) = $self->message($left / $slow);
		next unless defined $name && $name eq 'Ping';
		$self->pong($body);
		$n++;
	}
	return $n;
}

# Sends a Ping and waits for its Pong: microseconds, undef when it does not come. Pings of
# the other side are answered meanwhile.
sub ping ($self, $deadline = 5, $nonce = 1 + int rand 1e15) {
	my $begun = time;
	$self->send_line(qq({"Ping":{"nonce":$nonce,"timestamp":@{[int $begun]}}})) or return;
	my $end = $begun + slow($deadline);
	while ((my $left = $end - time) > 0) {
		my ($name, $body) = $self->message($left / $slow);
		return unless defined $name;
		return int(1e6 * (time - $begun)) if $name eq 'Pong' && $body->{nonce} eq $nonce;
		$self->pong($body) if $name eq 'Ping';
	}
	return;
}

# ---- the handshake

# The fields both messages share: node_id and so on, unless legacy.
sub hello ($self, %opt) {
	return () if $opt{legacy};
	my %h = (node_id => $opt{node_id} // ++$next_id, listen_port => $opt{listen_port} // 0,
		agent => $opt{agent} // 'script/1', your_ip => $opt{your_ip} // $self->remote_ip,
		features => $opt{features} // []);
	$h{$_} = $opt{$_} for grep { defined $opt{$_} } qw(my_ip genesis);
	$self->{node_id} = $h{node_id};
	return %h;
}

sub handshake_line ($self, %opt) {
	return $json->encode({ Handshake => {
		magic => $opt{magic} // [unpack 'C4', 'TIME'], protocol_version => $opt{version} // 1,
		network => $opt{network} // 'private', $self->hello(%opt), %{ $opt{extra} // {} } } });
}

# Introduces us as the dialer and waits for the Ack: its body, {ack} too. An old node with
# legacy => 1. Other fields: network, version, magic, node_id, listen_port, agent,
# features, genesis, my_ip, your_ip, extra.
sub handshake ($self, %opt) {
	$self->send_line($self->handshake_line(%opt));
	return $self->{ack} = $self->expect('Ack', $opt{deadline} // 5);
}

# Takes the dialer's Handshake and answers it: the Handshake's body, {theirs} too.
# refuse => 'reason' refuses.
sub answer ($self, %opt) {
	my $theirs = $self->expect('Handshake', $opt{deadline} // 10) // return;
	my %ack = (message_type => 'Handshake');
	%ack = (%ack, $self->hello(%opt), accepted => $opt{refuse} ? JSON::PP::false : JSON::PP::true,
		$opt{refuse} ? (reason => $opt{refuse}) : ()) unless $opt{legacy};
	$self->send_json({ Ack => \%ack });
	return $self->{theirs} = $theirs;
}

1;
