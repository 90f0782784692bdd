package main

import (
	"fmt"
	"strconv"

	"offhook/phone/control"
)

type accountCmd struct {
	List accountListCmd `cmd:"" default:"1" help:"List the accounts of the running phone."`
	Test accountTestCmd `cmd:"" help:"Register an account anew, and say at which step it fails."`
}

type accountListCmd struct{}

func (c *accountListCmd) Run(a *app) error {
	s, err := a.status()
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(a.out, s.Accounts)
	}
	if len(s.Accounts) == 0 {
		fmt.Fprintln(a.out, "no accounts")
		return nil
	}
	t := newTable(a.out)
	accountRows(t, s.Accounts, "")
	return t.flush()
}

func accountRows(t *table, accounts []control.Account, indent string) {
	for _, account := range accounts {
		note := account.Reason
		if account.Code != 0 && account.State != control.AccountRegistered {
			note = strconv.Itoa(account.Code) + " " + note
		}
		if account.Step != "" {
			note = account.Step + ": " + note
		}
		if account.ExpiresIn > 0 {
			note = fmt.Sprintf("for %d s", account.ExpiresIn)
			if account.Server != "" {
				note += " at " + account.Server
			}
		}
		t.row(indent+account.Name, account.State, account.URI, note)
	}
}

type accountTestCmd struct {
	Name string `arg:"" help:"Name of the account."`
}

func (c *accountTestCmd) Run(a *app) error {
	return a.order(control.VerbAccountTest, map[string]string{"name": c.Name})
}
