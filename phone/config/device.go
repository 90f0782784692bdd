package config

import (
	"fmt"
	"strings"

	"offhook/devices/profile"
)

// maxDevices bounds the [[device]] tables of one file.
const maxDevices = 64

// readDevices reads what the user says of devices that their numbers do not tell.
func readDevices(doc *table) []profile.Model {
	list, ok := doc.tables("device", "devices are", maxDevices)
	if !ok {
		return nil
	}
	var models []profile.Model
	lines := map[string]string{}
	for i, values := range list {
		path := fmt.Sprintf("device[%d]", i)
		t := &table{reader: doc.reader, path: path, title: "[[device]]", values: values}
		var m profile.Model
		t.text("id", &m.Device)
		m.Device = strings.ToLower(m.Device[:min(9, len(m.Device))]) + m.Device[min(9, len(m.Device)):]
		t.text("model", &m.Model)
		t.text("hook", &m.Hook)
		t.boolean("hook_inverted", &m.HookInverted)
		t.text("ring", &m.Ring)
		t.finish()
		switch first, twice := lines[m.Device]; {
		case m.Device == "":
			t.fail("", `this device has no id: add id = "…", as offhook devices list shows it`)
		case m.Model == "":
			t.fail("", "this device has no model: add one of %s", strings.Join(profile.ModelNames(), ", "))
		case twice:
			t.fail("id", "the device %s is on line %d already", clip(m.Device), t.lines.at(first))
		default:
			if err := m.Check(); err != nil {
				t.fail("", "%s", err)
			}
		}
		lines[m.Device] = path
		models = append(models, m)
	}
	return models
}
