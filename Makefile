# Offhook. `make demo` and `make test` each work as the first command on a fresh Debian 12 with Go.

PREFIX  ?= /usr/local
BIN     := bin
GO      ?= go
PROGRAMS := $(BIN)/offhook $(BIN)/offhook-sound $(BIN)/offhook-tray $(BIN)/offhook-hid-id

.PHONY: all build demo test test-usb quick bench install uninstall clean

all: build

## build: the programs, in bin/
build:
	@.ci/install build
	$(GO) build -o $(BIN)/ ./cmd/...
	CGO_ENABLED=0 $(GO) build -o $(BIN)/ ./cmd/offhook-hid-id

## demo: an emulated handset makes and takes real calls; prints what happens and checks it
demo: build
	$(BIN)/offhook demo

## test: everything, against real peers too; what CI runs
test:
	@.ci/install build peers sound desktop dist usb
	@.ci/test all

## test-usb: an emulated phone plugged into Debian's kernel, in a virtual machine
test-usb:
	@.ci/install build usb
	@.ci/test usb

## quick: the tests that need no other program, in under a minute
quick:
	@.ci/install build
	@.ci/test quick

## bench: times, cost and quality against the targets and beside other phones; BENCH_QUICK=1 is short, BENCH_DIR=DIR keeps plots
bench:
	@.ci/install build peers sound desktop
	@.ci/test bench

# What `make install` puts where, beside the programs. @bindir@ in a file becomes the folder of the programs. A PREFIX
# in a home folder leaves out what is for the system alone.
HOMELY    := $(if $(HOME),$(filter $(HOME)/%,$(PREFIX)/))
AUTOSTART ?= $(if $(HOMELY),$(HOME)/.config,/etc/xdg)/autostart
SHARE     := $(PREFIX)/share
FILES     := \
	cmd/offhook/dist/offhook.1:$(SHARE)/man/man1/offhook.1 \
	cmd/offhook/dist/offhook-sound.1:$(SHARE)/man/man1/offhook-sound.1 \
	cmd/offhook-tray/dist/offhook-tray.1:$(SHARE)/man/man1/offhook-tray.1 \
	cmd/offhook/dist/offhook.bash:$(SHARE)/bash-completion/completions/offhook \
	cmd/offhook/dist/offhook.svg:$(SHARE)/icons/hicolor/scalable/apps/offhook.svg \
	cmd/offhook/dist/offhook.desktop:$(SHARE)/applications/offhook.desktop \
	cmd/offhook/dist/offhook-dial.desktop:$(SHARE)/applications/offhook-dial.desktop \
	cmd/offhook-tray/dist/offhook-tray.desktop:$(AUTOSTART)/offhook-tray.desktop \
	cmd/offhook/dist/offhook.service:$(SHARE)/systemd/user/offhook.service
ifeq ($(HOMELY),)
FILES     += \
	cmd/offhook/dist/offhook-headless.service:$(PREFIX)/lib/systemd/system/offhook-headless.service \
	cmd/offhook/dist/offhook.sysusers:$(PREFIX)/lib/sysusers.d/offhook.conf
endif
INSTALLED := $(addprefix $(PREFIX)/bin/,$(notdir $(PROGRAMS))) $(foreach f,$(FILES),$(lastword $(subst :, ,$f)))

# Desktops look up who opens tel: and sip: in a list, which is theirs to write.
desktop-list = [ -n "$(DESTDIR)" ] || ! command -v update-desktop-database >/dev/null || update-desktop-database -q "$(SHARE)/applications"

## install: programs, man pages, desktop entries and systemd units, below PREFIX (DESTDIR is honoured)
install: build
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin/
	@set -e; for f in $(FILES); do \
		to="$(DESTDIR)$${f#*:}"; echo "install $$to"; \
		install -D -m 644 "$${f%%:*}" "$$to"; sed -i 's|@bindir@|$(PREFIX)/bin|g' "$$to"; \
	done
	@$(desktop-list)

## uninstall: removes what install has put there
uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	@$(desktop-list)

clean:
	rm -rf $(BIN)
