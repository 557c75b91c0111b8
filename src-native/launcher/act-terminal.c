// SPDX-License-Identifier: MIT
// The act about the container's own terminal.
#include "act.h"

struct outcome act_relay(struct supervisor *self, const struct step_relay *step)
{
	struct relay *relay = &self->relay;
	relay->master = self->page->slots[step->master];
	relay->socket = self->page->slots[step->socket];
	TRY(fcntl, relay->master, F_SETFL, O_RDWR | O_NONBLOCK);
	TRY(fcntl, relay->socket, F_SETFL, O_RDWR | O_NONBLOCK);
	return DONE;
}
