#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/89-blocks-disk.t - the disk is really full: said in words, nothing torn, and with room again all
# goes on. Needs root: a small tmpfs is mounted.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use File::Temp qw(tempdir);
use NodeTest qw(free_ports stage write_file);

if (!$ENV{TN_OWN_MOUNTS}) {
	plan skip_all => 'needs root, to mount a small disk' if $>;
	plan skip_all => 'no mount namespace here' if system('unshare -m true 2>/dev/null') != 0;
	$ENV{TN_OWN_MOUNTS} = 1;
	exec 'unshare', '-m', $^X, $0 or die "unshare: $!";
}

my $build = $ENV{TN_BUILDDIR} // '.';
my $dir   = tempdir(CLEANUP => 1);
my $disk  = "$dir/disk";
my $port  = free_ports();
my $since = 1764547200;
mkdir $disk;
plan skip_all => 'mounting is not allowed here' if system("mount -t tmpfs -o size=3m tmpfs $disk 2>/dev/null") != 0;

my $file = "$dir/blocks.bin";
system("'$build/t/chaingen' --network private --genesis-time $since --txs 20 --blocks 300 --format bincode >'$file'") == 0
	or BAIL_OUT('chaingen');

sub node ($name, $ip, %more) {
	return NodeTest->new($name, $ip, $port, conf => { %more,
		network => { genesis_time => $since }, store => { map_size => '1G' },
		plugins => { peers => undef, blocks => {} } });
}
sub coins ($node) { return (($node->rows('gettxoutsetinfo'))[0] // {})->{hash} }
sub chain ($node, %args) { return $node->ask('chain', \%args, 60) }

my $whole = node('whole', '127.0.0.1')->start;
is(chain($whole, action => 'import', file => $file)->{error}, undef, 'with room the file is taken');

my $n = node('full', '127.0.0.2', data_dir => $disk)->start;
like(chain($n, action => 'import', file => $file)->{error}, qr/the store cannot be read or written: the log says why|the store takes no blocks/,
	'on a small disk an import ends');
$n->wait_log(qr/ error .*no space left for \Q$disk\E\/store\/data\.mdb: free some on that disk and start again/);
$n->wait_log(qr/ error blocks the store takes no blocks any more: the chain stops at height \d+/);
for my $action (qw(verify reindex)) {
	like(chain($n, action => $action)->{error}, qr/the store cannot be read or written/, "$action says what the matter is");
}
like(chain($n, action => 'export', file => "$disk/out.bin")->{error}, qr/No space left|not all was written|no such thing|changed meanwhile/,
	'an export to it fails');
$n->kill9;
system("mount -o remount,size=64m $disk") == 0 or BAIL_OUT('remount');
$n->start;
is(chain($n, action => 'verify')->{error}, undef, 'with room again the chain verifies');
is(chain($n, action => 'import', file => $file)->{error}, undef, 'takes the rest');
is(coins($n), coins($whole), 'and has the same coins');
$_->audit_ok, $_->stop for $n, $whole;
system('umount', $disk);
done_testing();
