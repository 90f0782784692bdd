package udev

import (
	_ "embed"
	"fmt"
	"strings"
)

// Where the rules and their helper are, below the root of the system. The name
// of the rules sorts before 73-seat-late.rules of systemd, which gives the user
// at the seat what is tagged "uaccess".
const (
	RulesPath  = "/etc/udev/rules.d/70-offhook.rules"
	HelperPath = "/usr/local/lib/offhook/offhook-hid-id"
)

var (
	//go:embed rules/70-offhook.rules
	rulesText string
	//go:embed rules/hide.rules
	hideText string
)

// Rules is the text of the rules. helper is the absolute path of
// offhook-hid-id. With share, handsets' sound and keys stay with the desktop.
func Rules(helper string, share bool) (string, error) {
	if !clean(helper) || strings.ContainsAny(helper, " \t\r\n\"'\\%$") {
		return "", fmt.Errorf("rules of udev: %q can't be the path of their helper: "+
			"an absolute path without blanks, quotes, %% and $ is needed", helper)
	}
	var usb strings.Builder
	for _, p := range KnownPhones {
		if p.NoHidraw {
			fmt.Fprintf(&usb, "SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", ATTR{idVendor}==\"%04x\", ATTR{idProduct}==\"%04x\", "+
				"ENV{OFFHOOK_PHONE}=%q, TAG+=\"uaccess\", GROUP=\"plugdev\", MODE=\"0660\"\n", p.Vendor, p.Product, p.Kind)
		}
	}
	hide := hideText
	if share {
		hide = ""
	}
	return strings.NewReplacer("@HELPER@", helper).Replace(
		strings.NewReplacer("@USB@\n", usb.String(), "@HIDE@\n", hide).Replace(rulesText)), nil
}
