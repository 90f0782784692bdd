package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"

	"offhook/devices/profile"
	"offhook/devices/watch"
	"offhook/hid"
	"offhook/hid/ident"
	"offhook/udev"
)

type udevCheckCmd struct{}

func (c *udevCheckCmd) Run(a *app) error {
	infos, err := hid.Enumerate()
	if err != nil {
		fmt.Fprintf(a.err, "offhook: %s\n", clean(err.Error()))
	}
	report := thisSystem().check(infos)
	if err := a.writePermissions(report); err != nil {
		return err
	}
	if !report.OK {
		return errNotPermitted
	}
	return nil
}

var errNotPermitted = errors.New("not all is as it should be; see above")

// permissions is what check finds.
type permissions struct {
	OK     bool             `json:"ok"`
	Udev   bool             `json:"udev"`   // runs
	Rules  udev.Installed   `json:"rules"`  // in place
	Helper bool             `json:"helper"` // in place
	Phones []permittedPhone `json:"phones"`
	// Problem and Remedy are about the rules; each phone has its own as well.
	Problem string `json:"problem,omitempty"`
	Remedy  string `json:"remedy,omitempty"`
}

type permittedPhone struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Node    string `json:"node"`
	Access  bool   `json:"access"`
	Problem string `json:"problem,omitempty"`
	Remedy  string `json:"remedy,omitempty"`

	info hid.Info
}

// system is what check asks.
type system struct {
	udev       bool
	rules      udev.Installed
	helper     bool
	user       string
	inPlugdev  bool
	descriptor func(hid.Info) ([]byte, error)
	access     func(node string) error
	record     func(dir string) (udev.Record, bool)
	profiles   func() *profile.Table // nil: none
}

func thisSystem() system {
	s := system{
		udev: udev.Running(), descriptor: hid.Descriptor, access: udev.Access,
		record: udev.RunDatabase.RecordOf, user: "$USER",
		profiles: func() *profile.Table {
			table, _ := profile.Load(profile.SystemFolder) // what is wrong there is told by the phone, and left out
			return table
		},
	}
	s.rules, s.helper = udev.Inspect("")
	if u, err := user.Current(); err == nil {
		s.user = u.Username
	}
	if g, err := user.LookupGroup("plugdev"); err == nil {
		groups, _ := os.Getgroups() // those of this session, which may be older than the group file
		s.inPlugdev = slices.ContainsFunc(groups, func(id int) bool { return fmt.Sprint(id) == g.Gid })
	}
	return s
}

const (
	remedyInstall = "sudo offhook udev install"
	remedyReplug  = "unplug it and plug it in again, or: sudo udevadm trigger --action=change --subsystem-match=hidraw --subsystem-match=usb"
)

func (s system) check(infos []hid.Info) permissions {
	p := permissions{Udev: s.udev, Rules: s.rules, Helper: s.helper, Phones: []permittedPhone{}}
	switch {
	case !s.udev:
		p.Problem = "no udev runs here, so no rules are applied: the nodes below belong to whom your system gives them"
	case s.rules == udev.InstalledNot:
		p.Problem, p.Remedy = "the rule "+udev.RulesPath+" is missing", remedyInstall
	case s.rules == udev.InstalledOutdated:
		p.Problem, p.Remedy = "the rule "+udev.RulesPath+" is not the one of this version", remedyInstall
	case !s.helper:
		p.Problem, p.Remedy = "the rule's helper "+udev.HelperPath+" is missing", remedyInstall
	}
	p.OK = p.Remedy == ""
	for _, info := range infos {
		if phone, ok := s.phone(info, p.Remedy); ok {
			p.Phones = append(p.Phones, phone)
			p.OK = p.OK && phone.Access
		}
	}
	return p
}

// taught tells whether the rules know a device by its profile.
func (s system) taught(info hid.Info, raw []byte) bool {
	if s.profiles == nil {
		return false
	}
	known := s.profiles().Find(info.VendorID, info.ProductID)
	return known.Telephone(raw)
}

// phone tells of one interface, if it is a telephone's. install is the remedy
// when the rules are not in place.
func (s system) phone(info hid.Info, install string) (permittedPhone, bool) {
	p := permittedPhone{ID: fmt.Sprintf("%04x:%04x", info.VendorID, info.ProductID), Name: info.Name, Node: info.Path, info: info}
	known, isKnown := udev.Known(info.VendorID, info.ProductID)
	// The rules ask the same, so they open what is listed here.
	raw, err := s.descriptor(info)
	id := ident.Identity{}
	if err == nil {
		id, err = ident.Identify(raw)
	}
	switch {
	case isKnown:
		p.Kind = known.Kind
	case err == nil && id.Kind == ident.None && !id.Keyboard && s.taught(info, raw):
		p.Kind = ident.Headset.String()
	case err == nil && id.Kind != ident.None:
		p.Kind = id.Kind.String()
	default:
		return p, false
	}
	device := filepath.Join("/sys/class/hidraw", filepath.Base(info.Path))
	if info.Backend == hid.BackendLibusb {
		device = filepath.Dir(info.Sysfs)
		p.Node = watch.USBNode(device)
	}
	aerr := s.access(p.Node)
	p.Access = aerr == nil
	record, _ := s.record(device)
	switch {
	case p.Access:
	case errors.Is(aerr, fs.ErrNotExist):
		p.Problem, p.Remedy = "it has just been unplugged, or nothing makes its node", "unplug it and plug it in again"
	case id.Keyboard:
		p.Problem = "what is typed on a keyboard could be read through this node, so the rules never open it; only root may"
	case !s.udev:
		p.Problem, p.Remedy = aerr.Error(), fmt.Sprintf("sudo chgrp plugdev %s && sudo chmod 660 %s", p.Node, p.Node)
	case install != "":
		p.Problem, p.Remedy = "no rule opens it", install
	case record.Properties["OFFHOOK_PHONE"] == "":
		p.Problem, p.Remedy = "the rule has not been applied to it", remedyReplug
	case !s.inPlugdev:
		p.Problem = "you are not at the seat of this computer, nor in the group plugdev in this session"
		p.Remedy = fmt.Sprintf("sudo usermod -aG plugdev %s, then log in anew", s.user)
	default:
		p.Problem, p.Remedy = aerr.Error(), remedyReplug
	}
	return p, true
}

func (a *app) writePermissions(p permissions) error {
	if a.json {
		return a.writeJSON(a.out, p)
	}
	if p.Problem == "" {
		words := map[udev.Installed]string{
			udev.InstalledFull:   "the rules are in place",
			udev.InstalledShared: "the rules are in place; handsets' sound and keys are shared with the desktop",
		}
		fmt.Fprintln(a.out, words[p.Rules])
	} else {
		fmt.Fprintln(a.out, p.Problem)
		if p.Remedy != "" {
			fmt.Fprintf(a.out, "  run: %s\n", p.Remedy)
		}
	}
	if len(p.Phones) == 0 {
		fmt.Fprintln(a.out, "no phones or headsets are plugged in")
	}
	for _, phone := range p.Phones {
		word := "you may open it"
		if !phone.Access {
			word = "you may not open it: " + phone.Problem
		}
		fmt.Fprintf(a.out, "%s %s (%s) at %s: %s\n", phone.ID, orDash(clean(phone.Name)), phone.Kind, phone.Node, clean(word))
		if phone.Remedy != "" && phone.Remedy != p.Remedy {
			fmt.Fprintf(a.out, "  %s\n", phone.Remedy)
		}
	}
	return nil
}
