"""What training by a reward would do to recorded answers: policy gradients simulated prompt by prompt, in numpy.

    policy      the prompts as arrays, a categorical policy per prompt, its groups and its gradient step
    rewards     the project's rewards on all groups of a step at once; any other reward group by group
    simulate    the simulation, what is watched in it, and its curves as one page

A prompt learns from its own groups alone, so nothing here can show what a shared network carries from prompt to prompt.
"""
