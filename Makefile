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
	@.ci/install build peers sound desktop
	@.ci/test all

## test-usb: an emulated phone plugged into Debian's kernel, in a virtual machine
test-usb:
	@.ci/install build usb
	@.ci/test usb

## quick: the tests that need no other program, in under a minute
quick:
	@.ci/install build
	@.ci/test quick

## bench: times and sizes against the targets
bench:
	@.ci/install build peers sound desktop
	@.ci/test bench

## install: programs and the desktop entry, below PREFIX (DESTDIR is honoured)
install: build
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin/

uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(PROGRAMS)))

clean:
	rm -rf $(BIN)
