# SPDX-License-Identifier: MIT
# t/lib/PayTest.pm - real masternodes that vote, and payments made for them
#
#   my $lab = PayTest->new(nodes => 4, coins => 201);     # started, linked, on one chain
#   my @pay = $lab->payments(100, 100);                   # [txid, line], single ones, then a chain
#   my $watch = $lab->watch(0);                           # a Peer that hears what becomes final
#
# All keys come from numbers; the coins lie in a chain of blocks that every node imports.
package PayTest;
use v5.36;
use Test::More;

use File::Temp qw(tempdir);
use NodeTest qw(free_ports stage wait_until write_file);
use Peer;
use Time::HiRes qw(time);

my $build = $ENV{TN_BUILDDIR} // '.';
my $since = 1764547200; # a private network's genesis: its slots of 5 s are long due

sub run ($cmd) {
	my $out = `$cmd`;
	$? == 0 or BAIL_OUT($cmd);
	chomp $out;
	return $out;
}

sub new ($class, %opt) {
	my $self = bless { dir => tempdir(CLEANUP => 1), port => free_ports(), n => $opt{nodes},
		coins => $opt{coins}, node => [] }, $class;
	$self->make_chain;
	$self->make_nodes(%opt);
	return $self;
}

sub make_chain ($self) {
	my $address = run("'$build/t/paygen' address 1");
	my $blocks  = 12 + int($self->{coins} / 150); # 200 coins of a block's reward, and some spare
	for my $format (qw(lines bincode)) {
		run("'$build/t/chaingen' --network private --genesis-time $since --txs 0 --masternodes 1 "
			. "--blocks $blocks --fund $address:$self->{coins}:50000000 --format $format "
			. ">'$self->{dir}/blocks.$format'");
	}
	$self->{height} = $blocks;
	return;
}

sub ip ($self, $i) { return '127.0.0.' . ($i + 1) }

sub make_nodes ($self, %opt) {
	my (@voter, @node);
	for my $i (0 .. $self->{n} - 1) {
		my $key = run("'$build/t/paygen' wallet @{[100 + $i]} '$self->{dir}/wallet$i'");
		push @voter, $self->ip($i) . "=$key";
	}
	for my $i (0 .. $self->{n} - 1) {
		my @others = map { $self->ip($_) . ":$self->{port}" } grep { $_ != $i } 0 .. $self->{n} - 1;
		my $node = NodeTest->new("node $i", $self->ip($i), $self->{port}, conf => {
			network => { genesis_time => $since, dial_rule => 'any', connect => \@others },
			store   => { map_size => '1G' },
			plugins => { peers => undef, pingpong => { interval => '30s' }, blocks => {},
				masternodes => { masternode => \1, voters => \@voter }, transactions => $opt{options} // {} } });
		mkdir "$node->{dir}/data", 0700 or die "$node->{dir}/data: $!";
		rename "$self->{dir}/wallet$i", "$node->{dir}/data/time-wallet.dat" or die "wallet: $!";
		push @node, $node->start;
	}
	$self->{node} = \@node;
	$self->import_chain($_) for @node;
	wait_until(sub { !grep { $_->peers < $self->{n} - 1 } @node }, $opt{links} // 30, 'all nodes are linked');
	return;
}

sub import_chain ($self, $node) {
	my ($code, $out, $err) = $node->cli('--timeout', 60, 'chain', 'import', "$self->{dir}/blocks.bincode");
	is($code, 0, "$node->{name} has the chain") or diag($err);
	return;
}

# [txid as it stands in a message, the line]
sub payments ($self, $count, $chain = 0) {
	my $text = run("'$build/t/paygen' pay 1 $count $chain <'$self->{dir}/blocks.lines'");
	return map { my ($id, $line) = split /\t/; [join(',', unpack 'C*', pack 'H*', $id), $line, $id] }
		split /\n/, $text;
}

# A peer that is no voter and no old node: it is told what becomes final.
sub watch ($self, $i, $from = '127.0.0.' . (101 + $i)) {
	my $p = Peer->dial($self->ip($i) . ":$self->{port}", from => $from);
	$p->handshake;
	return $p;
}

# Reads what the watchers have got, for at most that long; fn->(watcher's number, txid).
sub listen ($self, $watch, $seconds, $fn) {
	my $sel = IO::Select->new(map { $_->{sock} } @$watch);
	my %at  = map { fileno($watch->[$_]{sock}) => $_ } 0 .. $#$watch;
	for my $sock ($sel->can_read($seconds)) {
		my $i = $at{ fileno $sock };
		my $p = $watch->[$i];
		$p->fill(0);
		for my $line (splice @{ $p->{lines} }) {
			if ($line =~ /^\{"TransactionFinalized":\{"txid":\[([0-9,]+)\]/) { $fn->($i, $1) }
			elsif ($line =~ /^\{"Ping":\{"nonce":([0-9]+)/) { $p->pong({ nonce => $1 }) }
		}
	}
	return;
}

sub finals ($self) { return map { $_->status->{'transactions.pool_final'} // -1 } @{ $self->{node} } }

1;
