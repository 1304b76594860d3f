# SPDX-License-Identifier: MIT
# t/lib/ChainPeer.pm - a peer with a chain, played by a process of its own
#
#   my $chain = Chain->load("$dir/blocks.jsonl");        # lines as t/chaingen writes them
#   my $p = ChainPeer->start('127.0.0.7', $port, id => 1007, chain => $chain, top => 30);
#   $p->order('serve', 40); $p->order('announce', 31, 40);   # see %command
#   my ($what, @args) = $p->event(5);                    # up, end, hold, asked NAME (the first time),
#                                                      # heard HEIGHT HASH, sent HEIGHT, gave LAST-HEIGHT,
#                                                      # lied COUNT (so many wrong blocks and answers were sent)
#
# It listens, and answers one node at a time. Lines are read from the file when they are
# asked for, so a chain may be larger than the memory.
package Chain;
use v5.36;
use Digest::SHA qw(sha256_hex);

# The first line may be the genesis block's; blocks below the first line are those of `below`.
sub load ($class, $file, %opt) {
	open my $in, '<:raw', $file or die "$file: $!";
	my ($at, $height, @from) = (0, undef);
	while (defined(my $line = <$in>)) {
		($height) = $line =~ /"height":(\d+)/ unless @from;
		push @from, $at;
		$at += length $line;
	}
	return bless { file => $file, in => $in, from => [@from, $at], first => $height // 1,
		top => ($height // 1) + @from - 1, %opt }, $class;
}

sub is_wrong ($self, $height) { return defined(($self->{other} // {})->{$height}) }

# After a fork: a file position of our own.
sub reopen ($self) {
	open my $in, '<:raw', $self->{file} or die "$self->{file}: $!";
	$self->{in} = $in;
	$self->{below}->reopen if $self->{below};
	return $self;
}

sub top ($self) { return $self->{top} }

# Lines of another file in the place of those of their heights.
sub replace ($self, $wrong) {
	for my $i (0 .. @{ $wrong->{from} } - 2) {
		my $line = $wrong->line($wrong->{first} + $i);
		$self->{other}{ height_of($line) } = $line;
	}
	return $self;
}

# Without its LF; undef where there is none.
sub line ($self, $height) {
	return $self->{other}{$height} if $self->{other} && defined $self->{other}{$height};
	return $self->{below}->line($height) if $self->{below} && $height <= $self->{fork};
	my $i = $height - $self->{first};
	return if $i < 0 || $height > $self->{top};
	my $n = $self->{from}[$i + 1] - $self->{from}[$i] - 1;
	sysseek $self->{in}, $self->{from}[$i], 0;
	my ($line, $got) = ('', 0);
	while ($got < $n) { $got += sysread($self->{in}, $line, $n - $got, $got) || die "$self->{file}: $!" }
	return $line;
}

# Of a block's line, as text; and as the wire has it.
sub hash_of ($line) {
	my ($v, $h, $prev, $root, $time, $reward) = $line =~ /"header":\{"version":(\d+),"height":(\d+),
		"previous_hash":\[([\d,]+)\],"merkle_root":\[([\d,]+)\],"timestamp":(\d+),"block_reward":(\d+)\}/x
		or die 'no header';
	return sha256_hex(pack 'VQ<C32C32q<Q<', $v, $h, split(/,/, $prev), split(/,/, $root), $time, $reward);
}
sub numbers ($hash) { return '[' . join(',', unpack 'C*', pack 'H*', $hash) . ']' }
sub height_of ($line) { return $line =~ /"height":(\d+)/ ? $1 : undef }

package ChainPeer;
use v5.36;

use IO::Handle;
use IO::Select;
use JSON::PP;
use Peer;
use Time::HiRes qw(sleep);

my $json = JSON::PP->new->utf8->canonical->allow_nonref;

# What it does on a word of the test; the rest of the line is the arguments.
my %command = (
	serve    => sub ($s, $top) { $s->{top} = $top },
	hold     => sub ($s, $on) { $s->{hold} = $on; $s->report('hold') }, # takes nobody on
	announce => sub ($s, $from, $to) {
		for my $h ($from .. $to) {
			$s->put('{"BlockAnnouncement":' . $s->{chain}->line($h) . '}') or return;
			$s->report('sent', $h);
		}
	},
	chain => sub ($s, $file, $fork) { # another one, which leaves the first at that height
		$s->{chain} = $file eq '-' ? $s->{base} : Chain->load($file, below => $s->{base}, fork => $fork);
	},
);

# What it answers; a liar gives answers of its own: {answer}{Name} = sub ($s, $body, $honest).
my %answer = (
	GetBlockHeight => sub ($s, $body) { '{"BlockHeightResponse":' . $s->{top} . '}' },
	GetBlockHash => sub ($s, $h) {
		my $line = $h <= $s->{top} ? $s->{chain}->line($h) : undef;
		my $hash = $h == 0 ? $s->genesis : defined $line ? Chain::numbers(Chain::hash_of($line)) : 'null';
		qq({"BlockHashResponse":{"height":$h,"hash":$hash}});
	},
	GetBlocks => sub ($s, $r) { '{"BlocksResponse":' . $s->range(@$r) . '}' },
	GetBlockRange => sub ($s, $r) { '{"BlockRangeResponse":' . $s->range(@$r{qw(start_height end_height)}) . '}' },
);

sub genesis ($self) { return $self->{chain}->line(1) =~ /"previous_hash":(\[[^\]]*\])/ ? $1 : 'null' }

sub range ($self, $from, $to) {
	$to = $from + 100 if $to > $from + 100;
	$to = $self->{top} if $to > $self->{top};
	$self->report('gave', $to);
	$self->{wrong} = grep { $self->{chain}->is_wrong($_) } $from .. $to;
	return '[' . join(',', grep { defined } map { $self->{chain}->line($_) } $from .. $to) . ']';
}

# Options: id, chain, top (the chain's), answer => {}, wait => seconds before each answer with blocks.
sub start ($class, $ip, $port, %opt) {
	my $self = bless { top => $opt{chain}->top, base => $opt{chain}, answer => {}, %opt }, $class;
	my $listener = Peer->listen($ip, $port);
	pipe my $cmd_in, my $cmd_out or die "pipe: $!";
	pipe my $ev_in, my $ev_out or die "pipe: $!";
	$self->{pid} = fork // die "fork: $!";
	if (!$self->{pid}) {
		close $_ for $cmd_out, $ev_in;
		@$self{qw(listener cmd events)} = ($listener, $cmd_in, $ev_out);
		$SIG{PIPE} = 'IGNORE';
		$self->{chain}->reopen;
		$self->run;
		POSIX::_exit(0);
	}
	$listener->close;
	close $_ for $cmd_in, $ev_out;
	$cmd_out->autoflush(1);
	@$self{qw(cmd events in)} = ($cmd_out, $ev_in, '');
	return $self;
}

# ---- in the test's process

sub order ($self, @words) { return print { $self->{cmd} } "@words\n" }

# The next thing that happened, as words; empty after so many seconds.
sub event ($self, $seconds) {
	while ($self->{in} !~ /\n/) {
		return unless IO::Select->new($self->{events})->can_read($seconds);
		sysread($self->{events}, $self->{in}, 65536, length $self->{in}) or return;
	}
	$self->{in} =~ s/\A(.*)\n//;
	return split / /, $1;
}

# Its end closes the pipe of words, which ends the process.
sub stop ($self) {
	close $self->{cmd};
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
	return;
}

# ---- in its own

sub report ($self, @words) { return syswrite $self->{events}, "@words\n" }
sub put ($self, $text) { return $self->{peer} && $self->{peer}->send_line($text) }

sub hang_up ($self) {
	return unless $self->{peer};
	$self->{peer}->close;
	$self->{peer} = undef;
	$self->report('end');
	return;
}

sub take ($self) {
	$self->hang_up;
	$self->{asked} = {};
	$self->{peer} = Peer->on(scalar $self->{listener}{listener}->accept, outbound => 0);
	return;
}

sub on_line ($self, $line) {
	my ($name) = $line =~ /\A\{?"(\w+)"/ or return;
	if ($name eq 'BlockAnnouncement') {
		$self->report('heard', Chain::height_of($line), Chain::hash_of($line));
		return;
	}
	my $body = $line =~ /\A\{/ ? (values %{ $json->decode($line) })[0] : undef;
	return $self->{peer}->pong($body) if $name eq 'Ping';
	if ($name eq 'Handshake') {
		my %ack = (message_type => 'Handshake', $self->{peer}->hello(node_id => $self->{id}), accepted => JSON::PP::true);
		$self->put($json->encode({ Ack => \%ack }));
		$self->report('up');
		return;
	}
	my $honest = $answer{$name} or return;
	$self->report('asked', $name) unless $self->{asked}{$name}++;
	sleep $self->{wait} if $self->{wait} && $name =~ /^GetBlocks|^GetBlockRange/;
	my $own = $self->{answer}{$name};
	my $text = $own ? $own->($self, $body, $honest) : $honest->($self, $body);
	my $wrong = $own ? ($text // '') ne $honest->($self, $body) : delete $self->{wrong};
	return if defined $text && !$self->put($text);
	$self->report('lied', $self->{lied} += $wrong) if $wrong;
	return;
}

sub run ($self) {
	my $words = '';
	while (1) {
		my $peer = $self->{peer};
		my @wait = ($self->{cmd}, $peer ? $peer->{sock} : (), $self->{hold} ? () : $self->{listener}{listener});
		for my $fh (IO::Select->new(@wait)->can_read) {
			if ($fh == $self->{cmd}) {
				sysread($fh, $words, 4096, length $words) or return;
				while ($words =~ s/\A(.*)\n//) {
					my ($word, @args) = split / /, $1;
					$command{$word}->($self, @args);
				}
			} elsif ($fh == $self->{listener}{listener}) {
				$self->take;
			} elsif ($peer && $peer->{sock} && $fh == $peer->{sock}) {
				my $open = $peer->fill(0);
				while (defined(my $line = shift @{ $peer->{lines} })) {
					$self->on_line($line);
					last if !$self->{peer} || $self->{peer} != $peer;
				}
				$self->hang_up if !$open && $self->{peer} && $self->{peer} == $peer;
			}
		}
	}
}

1;
