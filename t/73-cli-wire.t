#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/73-cli-wire.t - timenode-cli wire against the recorded lines, hashes and signatures
use strict;
use warnings;
use Test::More;
use Encode ();
use File::Temp qw(tempdir);
use JSON::PP;

my $cli = ($ENV{TN_BUILDDIR} // '.') . '/timenode-cli';
my $src = $ENV{TN_SRCDIR} // '.';
my @wrap = split ' ', $ENV{TN_WRAP} // '';
my $slow = $ENV{TN_SLOW} // 1;
plan skip_all => "$cli is not built" unless -x $cli;

my $dir = tempdir(CLEANUP => 1);
my $json = JSON::PP->new->allow_bignum->utf8;

sub slurp {
	my ($file) = @_;
	open my $in, '<:raw', $file or die "$file: $!";
	local $/;
	return scalar <$in>;
}

# Runs the filter over that input: exit code, stdout, stderr. It must end by itself.
sub wire {
	my ($input, @words) = @_;
	open my $in, '>:raw', "$dir/in" or die $!;
	print $in $input;
	close $in or die $!;
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		alarm 60 * $slow;
		open STDIN, '<', "$dir/in" or die;
		open STDOUT, '>', "$dir/out" or die;
		open STDERR, '>', "$dir/err" or die;
		exec @wrap, $cli, 'wire', @words or die;
	}
	waitpid $pid, 0;
	diag("ended by signal ", $? & 127) if $? & 127;
	return ($? & 127 ? -1 : $? >> 8, slurp("$dir/out"), slurp("$dir/err"));
}

# The filter's whole answer, without showing megabytes of it when it is wrong.
sub answers {
	my ($code, $want, $name, @call) = @_;
	my @got = wire(@call);
	ok($got[0] == $code && $got[1] eq $want && $got[2] eq '', $name)
		or diag("exit $got[0], ", length $got[1], " bytes, $got[2]");
}

sub lines { return join '', map { "$_\n" } @_ }
sub records { return map { $json->decode($_) } split /\n/, slurp("$src/t/data/$_[0]") }
sub document { return $json->decode(slurp("$src/t/data/$_[0]")) }

# Bytes of a record's line: its text, or its hex.
sub raw {
	my ($record) = @_;
	return pack 'H*', $record->{hex} if !defined $record->{line};
	my $text = $record->{line};
	utf8::encode($text);
	return $text;
}

my @message = records('messages.jsonl');
cmp_ok(scalar @message, '>=', 93, 'recorded messages');
my $text = lines(map { raw($_) } @message);
my $hex = lines(map { $_->{bincode_hex} } @message);

# ---- decode and encode
answers(0, $text, 'canonical lines come back as they are', $text, 'decode');
answers(0, $hex, 'bincode of every message', $text, 'encode');
answers(0, $text, 'and back', $hex, 'encode', '--reverse');
answers(0, $text, 'hex of either case', uc $hex, 'encode', '--reverse');

my @odd = grep { raw($_) !~ /\n/ } records('bad-lines.jsonl');
my ($code, $out) = wire(lines(map { raw($_) } @odd), 'decode');
my @said = split /\n/, $out, -1;
is(scalar @said, @odd + 1, 'one result for each odd line');
is($code, 1, 'and some were bad');
my @wrong;
for my $i (0 .. $#odd) {
	my $r = $odd[$i];
	my $want = $r->{canonical} // $r->{line};
	utf8::encode($want) if defined $want;
	my $good = $r->{verdict} eq 'accept' ? $said[$i] eq $want : $said[$i] =~ /^(?:error|unknown): ./;
	push @wrong, "$r->{why}: $said[$i]" if !$good;
}
is_deeply(\@wrong, [], scalar(@odd) . ' odd lines judged as recorded');
cmp_ok(scalar @odd, '>=', 240, 'which are nearly all');

is_deeply([wire("{\"Nonsense\":1}\n\"GetPeers\"\n", 'decode')], [0, "unknown: Nonsense\n\"GetPeers\"\n", ''],
	'an unknown name is no bad line');
is_deeply([wire("\"GetPeers\"", 'decode')], [0, "\"GetPeers\"\n", ''], 'a last line without an end');
is_deeply([wire('', 'decode')], [0, '', ''], 'nothing in, nothing out');
($code, $out) = wire("\n\"GetPeers\"\n\xff\n{\"No\\u000asense\":1}\n", 'decode');
is($code, 1, 'a blank line is a bad one');
is(() = $out =~ /\n/g, 4, 'four lines, four results');
like($out, qr/^error: .*\n"GetPeers"\nerror: not UTF-8\nunknown: No\?sense\n$/, 'each for its line');
($code, $out) = wire("{\"Ping\":{\"nonce\":18446744073709551615,\"timestamp\":-1}}\n", 'decode', '--pretty');
is_deeply([$code, $out], [0, "Ping\nnonce: 18446744073709551615\ntimestamp: -1\n"], 'for people');
for my $bad ('', '00', '0', 'zz000000', 'ffffffff', substr($hex, 0, 8) . '00') {
	($code, $out) = wire("$bad\n", 'encode', '--reverse');
	ok($code == 1 && $out =~ /^error: .+\n$/, "no bincode: '$bad'") or diag("$code $out");
}

# ---- a line longer than any message, and a stream longer than any line
($code, $out) = wire('"' . 'x' x (17 << 20) . "\"\n\"GetPeers\"\n", 'decode');
is_deeply([$code, $out], [1, "error: a line of more than 16777216 bytes\n\"GetPeers\"\n"],
	'a line that is too long ends where it ends');
my $times = int(40_000_000 / length $text);
($code, $out) = wire($text x $times, 'decode');
ok($code == 0 && $out eq $text x $times, "a stream of $times times all messages");

# ---- hash
my $h = document('hashes.json');
my (@in, @want);
for my $t (@{$h->{transactions}}) {
	push @in, $t->{json}, "{\"TransactionBroadcast\":$t->{json}}";
	push @want, ("txid $t->{txid_hex}") x 2;
}
for my $b (@{$h->{headers}}) {
	push @in, $b->{json};
	push @want, "block $b->{hash_hex} merkle "
		. unpack 'H*', pack 'C*', @{$json->decode($b->{json})->{merkle_root}};
}
for my $b (@{$h->{blocks}}) {
	push @in, $b->{json}, "{\"BlockAnnouncement\":$b->{json}}", "{\"BlockResponse\":$b->{json}}";
	push @want, ("block $b->{header_hash_hex} merkle $b->{merkle_of_all_txs_hex}") x 3;
}
push @in, '{"BlocksResponse":[' . join(',', map { $_->{json} } @{$h->{blocks}}[0, 1]) . ']}';
push @want, join ' ', @want[-13, -10];
utf8::encode($_) for @in;
is_deeply([wire(lines(@in), 'hash')], [0, lines(@want), ''], scalar(@in) . ' hashes');
for my $none ('"GetPeers"', '{}', '{"BlocksResponse":[]}', '{"version":1}', '{"Nonsense":1}') {
	($code, $out) = wire("$none\n", 'hash');
	ok($code == 1 && $out =~ /^(?:error|unknown): .+\n$/, "nothing to hash: $none") or diag("$code $out");
}

# ---- verify: messages made from the recorded signatures
sub numbers { return '[' . join(',', unpack 'C*', pack 'H*', $_[0]) . ']' }
sub utf8_of { return $json->encode([Encode::decode('utf8', pack 'H*', $_[0])]) =~ s/^\[|\]$//gr }
my %make = (
	transaction_vote => sub {
		my ($f, $s) = @_;
		return "{\"TransactionVote\":{\"txid\":" . numbers($f->{txid_hex}) . ',"voter":'
			. utf8_of($f->{voter_utf8_hex}) . ",\"approve\":$f->{approve},\"timestamp\":$f->{timestamp},"
			. '"signature":' . numbers($s->{signature_hex}) . '}}';
	},
	heartbeat => sub {
		my ($f, $s) = @_;
		return '{"HeartbeatBroadcast":{"masternode_address":' . utf8_of($f->{masternode_address_utf8_hex})
			. ",\"sequence_number\":$f->{sequence_number},\"timestamp\":$f->{timestamp},\"masternode_pubkey\":"
			. numbers($s->{public_key_hex}) . ',"signature":' . numbers($s->{signature_hex}) . '}}';
	},
	witness_attestation => sub {
		my ($f, $s) = @_;
		return '{"HeartbeatAttestation":{"heartbeat_hash":' . numbers($f->{heartbeat_hash_hex})
			. ',"witness_address":' . utf8_of($f->{witness_address_utf8_hex}) . ',"witness_pubkey":'
			. numbers($s->{public_key_hex}) . ",\"witness_timestamp\":$f->{witness_timestamp},\"signature\":"
			. numbers($s->{signature_hex}) . '}}';
	},
	bft_block_proposal => sub {
		my ($f, $s) = @_;
		my ($b) = grep { $_->{header_hash_hex} eq $f->{block_hash_hex} } @{$h->{blocks}};
		my $line = "{\"BlockProposal\":{\"block\":$b->{json},\"proposer\":\"x\",\"signature\":"
			. numbers($s->{signature_hex}) . ',"round":0}}';
		utf8::encode($line);
		return $line;
	},
	bft_block_vote => sub {
		my ($f, $s) = @_;
		return '{"BlockVote":{"block_hash":' . numbers($f->{block_hash_hex}) . ',"height":2,"voter":"x","signature":'
			. numbers($s->{signature_hex}) . ",\"approve\":$f->{approve}}}";
	},
	bft_block_commit => sub {
		my ($f, $s) = @_;
		return '{"BlockCommit":{"block_hash":' . numbers($f->{block_hash_hex}) . ',"height":2,"signatures":[["x",'
			. numbers($s->{signature_hex}) . ']]}}';
	},
);
my ($done, %of) = (0);
for my $s (@{document('signatures.json')->{signatures}}) {
	my $make = $make{$s->{kind}} or next;
	my $line = $make->($s->{fields}, $s);
	($code, $out) = wire("$line\n", 'verify', '--key', $s->{public_key_hex});
	my $good = $s->{valid} ? $code == 0 && $out eq "good\n" : $code == 1 && $out =~ /^bad: .+\n$/;
	ok($good, "$s->{case} is " . ($s->{valid} ? 'good' : 'bad')) or diag("$code $out");
	$of{$s->{kind}} //= $line if $s->{valid};
	$done++;
}
cmp_ok($done, '>=', 20, 'signed messages');
is(scalar keys %of, keys %make, 'of each kind');
my %used;
$used{$_->{public_key_hex}}++ for @{document('signatures.json')->{signatures}};
my ($other) = grep { !$used{$_} } map { $_->{public_key_hex} } @{document('signatures.json')->{keys}};
for my $kind (sort keys %of) {
	($code, $out) = wire("$of{$kind}\n", 'verify');
	my $inside = $kind eq 'heartbeat' || $kind eq 'witness_attestation';
	ok($inside ? $code == 0 && $out eq "good\n" : $code == 1 && $out =~ /^error: .*--key\n/, "$kind without a key")
		or diag("$code $out");
	($code, $out) = wire("$of{$kind}\n", 'verify', "--key=$other");
	ok($code == 1 && $out =~ /^bad: .+\n$/, "$kind with another key") or diag("$code $out");
}
($code, $out) = wire("\"GetPeers\"\n", 'verify');
is_deeply([$code, $out], [1, "error: GetPeers is not signed\n"], 'what nobody signs');

# ---- addresses
my $a = document('addresses.json');
for my $net (['testnet', '0'], ['mainnet', '1'], ['private', '0']) {
	my ($name, $digit) = @$net;
	my $member = $name eq 'mainnet' ? 'mainnet' : 'testnet';
	my @key = @{$a->{from_public_key}};
	my $in = lines(map { ($_->{public_key_hex}, $_->{$member}) } @key);
	my $want = lines(map { ($_->{$member}, "good $_->{payload_hex}") } @key);
	is_deeply([wire($in, 'address', '--network', $name)], [0, $want, ''], "keys and addresses of $name");

	@in = @want = ();
	for my $r (@{$a->{decode}}) {
		push @in, pack 'H*', $r->{address_utf8_hex};
		my ($payload) = $r->{without_length_rule} =~ /^ok (.*)/;
		push @want, !defined $payload ? "bad: $r->{without_length_rule}"
			: substr($in[-1], 4, 1) eq $digit ? "good $payload" : 'bad: an address of another network';
	}
	is_deeply([wire(lines(@in), 'address', '--network', $name)], [1, lines(@want), ''],
		scalar(@in) . " texts on $name");
}
is_deeply([wire('02' . '00' x 31 . "\n", 'address', '--network=testnet')], [1, "bad: a key that is no point\n", ''],
	'32 bytes that are no key');

# ---- genesis
for my $g (@{$h->{genesis}}) {
	is_deeply([wire('', 'genesis', '--network', lc $g->{network})], [0, "$g->{json}\n", ''],
		"genesis of $g->{network}");
}
my ($testnet) = grep { $_->{network} eq 'Testnet' } @{$h->{genesis}};
is_deeply([wire('', 'genesis', '--network=private', "--time=$testnet->{timestamp}")], [0, "$testnet->{json}\n", ''],
	"a private one at testnet's time is testnet's");
($code, $out) = wire('', 'genesis', '--time', -5, '--network', 'private');
ok($code == 0 && $out =~ /"timestamp":-5,"block_reward":10000000000\}/ && $out =~ /"timestamp":-5\}\],"masternode_rewards"/,
	'any time, options in any order');

# ---- words
for my $words ([], ['nonsense'], ['decode', 'x'], ['decode', '--reverse'], ['decode', '--pretty=1'], ['address'],
	['address', '--network'], ['address', '--network', 'moon'], ['verify', '--key', '00'], ['genesis'],
	['verify', '--key', '02' . '00' x 31], ['genesis', '--network', 'private'],
	['genesis', '--network', 'testnet', '--time', 5], ['genesis', '--network', 'private', '--time', '5x'],
	['genesis', '--network', 'private', '--time', '99999999999999999999'])
{
	my ($code, $out, $err) = wire("\"GetPeers\"\n", @$words);
	ok($code == 2 && $out eq '' && $err =~ /^timenode-cli: .+\n$/, "usage: wire @$words") or diag("$code $out $err");
}
($code, $out) = wire('', '--help');
ok($code == 0 && $out =~ /^usage: /, 'help');

done_testing;
