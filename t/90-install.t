#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/90-install.t - what make install leaves: files, modes, the administrator's own files, the
# service files, and that the hello plugin builds against it from outside
use strict;
use warnings;
use Test::More;
use File::Copy qw(copy);
use File::Find qw(find);
use File::Temp qw(tempdir);

my $src   = $ENV{TN_SRCDIR}   // '.';
my $build = $ENV{TN_BUILDDIR} // '.';
my $dest  = tempdir(CLEANUP => 1);
plan skip_all => 'no build tree' unless -f "$build/Makefile";

sub slurp {
	open my $in, '<', $_[0] or return '';
	local $/;
	return scalar <$in>;
}

# make of the build tree, not of the make that runs this test.
sub make {
	my ($what) = @_;
	delete local @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
	my $said = `make --no-print-directory -s -C '$build' $what DESTDIR='$dest' 2>&1`;
	diag($said) if $?;
	return $? >> 8;
}

my %var = map { /^(\w+)=(.*)$/ ? ($1, $2) : () }
	split /\n/, `make --no-print-directory -s -C '$build' print-dirs 2>/dev/null`;
my ($prefix, $sysconf, $sbin) = @var{qw(prefix sysconfdir sbindir)};
ok($prefix && $sysconf && $sbin, 'directories of this build');

is(make('install'), 0, 'make install DESTDIR');
my $conf = "$dest$sysconf/timenode/timenode.conf";
my %mode = (
	"$sysconf/timenode/timenode.conf"     => 0644,
	"$sysconf/init.d/timenoded"           => 0755,
	"$sysconf/logrotate.d/timenode"       => 0644,
	"$prefix/lib/sysusers.d/timenode.conf" => 0644,
	"$prefix/lib/tmpfiles.d/timenode.conf" => 0644,
	"$sbin/timenoded"                     => 0755,
	"$var{includedir}/timenode/plugin.h"  => 0644,
	"$var{includedir}/timenode/host.h"    => 0644,
	"$var{libdir}/pkgconfig/timenode.pc"  => 0644,
	"$var{mandir}/man8/timenoded.8"       => 0644,
	"$var{mandir}/man1/timenode-cli.1"    => 0644,
	"$var{mandir}/man1/timenode-replay.1" => 0644,
	"$var{bindir}/timenode-replay"        => 0755,
	"$var{mandir}/man5/timenode.conf.5"   => 0644,
);
$mode{"$var{systemdsystemunitdir}/timenoded.service"} = 0644 if $var{systemdsystemunitdir} =~ /^\//;
for my $f (sort keys %mode) {
	is(-f "$dest$f" ? (stat _)[2] & 0777 : undef, $mode{$f}, $f);
}

# Placeholders were filled in, in every text that was installed.
my @left;
find({ no_chdir => 1, wanted => sub {
	push @left, $_ if -f $_ && -T $_ && slurp($_) =~ /\@(?:sbindir|sysconfdir|plugindir|prefix)\@/;
} }, $dest);
is_deeply(\@left, [], 'no placeholder is left');

# A configuration that was changed stays; the shipped one goes with the rest.
open my $out, '>>', $conf or die $!;
print $out "# mine\n";
close $out;
is(make('install'), 0, 'installed again');
like(slurp($conf), qr/# mine\n\z/, 'the changed configuration was not overwritten');

SKIP: {
	skip 'no unit', 1 unless $mode{"$var{systemdsystemunitdir}/timenoded.service"};
	skip 'no systemd-analyze', 1 if system('command -v systemd-analyze >/dev/null 2>&1') != 0;
	# The program is not where the unit will find it, so that the check gets another one.
	my $unit = slurp("$dest$var{systemdsystemunitdir}/timenoded.service");
	$unit =~ s/^ExecStart=\S+/ExecStart=\/bin\/true/m;
	$unit =~ s/^Documentation=.*\n//m;
	my $dir = tempdir(CLEANUP => 1);
	open my $u, '>', "$dir/timenoded.service" or die $!;
	print $u $unit;
	close $u;
	my $said = `systemd-analyze verify --man=no '$dir/timenoded.service' 2>&1`;
	my @about = grep { /timenoded\.service/ } split /\n/, $said;
	is_deeply(\@about, [], 'systemd has nothing to say about the unit');
}

# The hello plugin: under 40 lines, outside of the tree, found through pkg-config.
my $work = tempdir(CLEANUP => 1);
copy("$src/examples/hello/$_", "$work/$_") or die "$_: $!" for qw(hello.c Makefile);
cmp_ok(scalar(() = slurp("$work/hello.c") =~ /\n/g), '<', 40, 'hello.c has under 40 lines');
SKIP: {
	skip 'the sanitizers want their own program around it', 3 if $ENV{TN_SANITIZED};
	delete local @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
	local $ENV{PKG_CONFIG_PATH} = "$dest$var{libdir}/pkgconfig";
	local $ENV{PKG_CONFIG_SYSROOT_DIR} = $dest;
	my $cc = $ENV{TN_CC} // 'cc';
	my $said = `make -s -C '$work' CC='$cc' CFLAGS='-O2 -Wall -Wextra -Wpedantic -Werror' 2>&1`;
	is($? >> 8, 0, 'builds without a warning') or diag($said);
	my @defined = map { (split)[-1] } `nm -D --defined-only '$work/hello.so'`;
	is_deeply(\@defined, ['tn_plugin_desc'], 'shows one symbol');
	my ($major, $minor) = map { slurp("$src/include/timenode/plugin.h") =~ /^#define TN_ABI_$_ (\d+)$/m } qw(MAJOR MINOR);
	is(`pkg-config --variable=abi timenode` =~ s/\n//r, "$major.$minor", 'pkg-config names the interface of the headers');
}

is(make('uninstall'), 0, 'make uninstall');
my @rest;
find({ no_chdir => 1, wanted => sub { push @rest, $_ if -f $_ || -l $_ } }, $dest);
is_deeply(\@rest, [$conf], 'leaves nothing but the changed configuration');
done_testing();
