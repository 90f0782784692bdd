// Package seat tells whether this program's user sits at the computer, as logind
// knows it. Telephones are let go while another user does: the next one at the
// seat gets the permission to open them, but not while they are held.
//
//	           the user's last session at a seat turns inactive
//	present ───────────────────────────────────────────────────► away
//	        ◄───────────────────────────────────────────────────
//	           one of them is active again, or none is left
//
// A user without any session at a seat, as of a service or over ssh, is present:
// whether such a user may open a telephone is a question of groups alone. So is
// everybody where no logind runs.
package seat
