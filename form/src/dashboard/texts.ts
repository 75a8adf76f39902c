// Importing this file makes the texts of this part known.
import { include } from '../language/language.svelte';
import { viDashboard } from '../messages/vi-dashboard';

include(viDashboard);
