#!/usr/bin/env bash
# Runs a test program against the kernel's VFIO, in a guest that QEMU emulates in software: no KVM, no privileges, nothing
# installed. Debian's kernel package for clouds is downloaded once and unpacked into FOLDER.
#   guest.sh PROGRAM FOLDER          PROGRAM is linked statically
# Exit codes: 0 passed, 77 the kernel cannot be had because there is no network, else failed.
set -euo pipefail
program=$(readlink -f "$1")
folder=$2
mkdir -p "$folder"
cd "$folder"

fail() { echo "guest.sh: $*" >&2; exit 1; }
for tool in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio dpkg-deb:dpkg; do
    command -v "${tool%%:*}" >/dev/null || fail "there is no ${tool%%:*}; install ${tool##*:} (.ci/packages-test)"
done

fetch_kernel() {
    local package
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -1)
    [ -n "$package" ] || fail "apt knows no linux-image-cloud-amd64: run apt-get update as root, or put that package's .deb into $folder"
    if ! apt-get -q download "$package" >download.log 2>&1; then
        if grep -qE 'resolv|onnect|imed out|nreachable' download.log; then
            echo "SKIPPED: no network, so the guest's kernel ($package) cannot be downloaded. Put its .deb into $folder." >&2
            exit 77
        fi
        cat download.log >&2
        fail "$package cannot be downloaded: run apt-get update as root, or put its .deb into $folder"
    fi
}

unpack_kernel() {
    dpkg-deb --fsys-tarfile "$1" | tar -x --wildcards './boot/vmlinuz-*' '*/irqbypass.ko*' '*/vfio*.ko*'
    mv boot/vmlinuz-* vmlinuz.new
    find lib -name '*.ko.xz' -exec unxz {} +
    mkdir -p modules
    find lib -name '*.ko' -exec mv -t modules {} +
    rm -r boot lib
    mv vmlinuz.new vmlinuz  # last: what is here is whole
}

if [ ! -f vmlinuz ]; then
    shopt -s nullglob
    debs=(linux-image-*.deb)
    [ ${#debs[@]} -gt 0 ] || fetch_kernel
    debs=(linux-image-*.deb)
    unpack_kernel "${debs[0]}"
    rm "${debs[@]}"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,dev,proc,sys,tmp,modules}
cp "$(command -v busybox)" "$root/bin/busybox"
strip -o "$root/bin/tests" "$program"
cp modules/*.ko "$root/modules/"
cat >"$root/init" <<'INIT'
#!/bin/busybox sh
busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
busybox mount -t devtmpfs devtmpfs /dev
cd /modules
# The emulated IOMMU remaps interrupts for nobody but itself.
for module in irqbypass vfio vfio_virqfd "vfio_iommu_type1 allow_unsafe_interrupts=1" vfio-pci-core vfio-pci; do
    set -- $module
    [ -f "$1.ko" ] || continue  # newer kernels have fewer
    name=$1
    shift
    busybox insmod "$name.ko" "$@" || echo "cannot load $name"
done
bound=0
for device in /sys/bus/pci/devices/*; do
    [ "$(busybox cat $device/vendor):$(busybox cat $device/device)" = 0x1234:0x11e8 ] || continue
    [ $bound -lt 2 ] || continue
    bound=$((bound + 1))
    echo vfio-pci >$device/driver_override
    echo ${device##*/} >/sys/bus/pci/drivers_probe
done
cd /tmp
busybox timeout 100 /bin/tests --gtest_color=no
echo "GUEST EXIT CODE $?"
busybox poweroff -f
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet | gzip -1) >"$work/initrd"

timeout 150 qemu-system-x86_64 -M q35,accel=tcg -cpu max -m 512M -nic none -display none -no-reboot -serial stdio -monitor none \
    -kernel vmlinuz -initrd "$work/initrd" -append 'console=ttyS0 quiet panic=-1 intel_iommu=on' \
    -device intel-iommu,intremap=on,caching-mode=on \
    -device edu,dma_mask=0xffffffff -device edu,dma_mask=0xffffffff -device edu,dma_mask=0xffffffff </dev/null | tee "$work/log"
grep -q '^GUEST EXIT CODE 0' "$work/log"
